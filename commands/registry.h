#pragma once
// The table of all commands, in the order in which help lists them. To add one: write its file,
// name it twice here (declaration and row), add a transcript under tests/cli.

#include "cli/command.h"

namespace autopilot::commands {

const cli::Table& registry();

}  // namespace autopilot::commands
