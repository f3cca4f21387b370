#include "commands/registry.h"

namespace autopilot::commands {

extern const cli::Command docs_completions;
extern const cli::Command docs_man;
extern const cli::Command help;
extern const cli::Command version;

const cli::Table& registry() {
  static const cli::Table table{
      {"MORE", {&help, &version}},
      {"", {&docs_man, &docs_completions}},
  };
  return table;
}

}  // namespace autopilot::commands
