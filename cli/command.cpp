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

Table family(const Table& table, std::string_view first) {
  Group found{"COMMANDS", {}};
  for (const Group& group : table) {
    for (const Command* command : group.commands) {
      const std::string_view name = command->name;
      if (name.starts_with(first) && name.substr(first.size()).starts_with(' '))
        found.commands.push_back(command);
    }
  }
  if (found.commands.empty()) return {};
  return {found};
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
