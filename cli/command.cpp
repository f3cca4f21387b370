#include "cli/command.h"

namespace autopilot::cli {

const Command* find_command(const Table& table, std::string_view name) {
  for (const Group& group : table) {
    for (const Command* command : group.commands) {
      if (command->name == name) return command;
    }
  }
  return nullptr;
}

std::vector<std::string> command_names(const Table& table) {
  std::vector<std::string> names;
  for (const Group& group : table) {
    for (const Command* command : group.commands) {
      if (std::string_view(command->name).substr(0, 2) != "__") names.emplace_back(command->name);
    }
  }
  return names;
}

}  // namespace autopilot::cli
