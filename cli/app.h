#pragma once
// From the words of a command line to an exit code: finds the command, binds and parses it, runs
// it, and turns what it throws into a message. The one place that catches.

#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/roles.h"
#include "core/base/world.h"

namespace autopilot::cli {

// `words` are the command line without the program's name; every command of `table` has a row in
// `roles`. Returns what main should return.
int run(World& world, const std::vector<std::string>& words, const Table& table, Roles roles);

}  // namespace autopilot::cli
