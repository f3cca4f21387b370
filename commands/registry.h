#pragma once
// The table of all commands, in the order in which help lists them. To add one: write its file,
// name it twice here (declaration and row), give it a row in roles.cpp, add a transcript under
// tests/cli.

#include "cli/command.h"
#include "cli/roles.h"

namespace autopilot::commands {

const cli::Table& registry();
// The least role of each of them.
cli::Roles roles();

}  // namespace autopilot::commands
