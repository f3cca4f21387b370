#pragma once
// The options that every command takes, before or after its name.

#include <string>
#include <string_view>
#include <vector>

#include "cli/context.h"
#include "cli/options.h"

namespace autopilot::cli {

struct Command;

// What was said beside the command's own options.
struct Said {
  Globals globals;
  std::string format;  // empty: the command's default
  bool json = false;
  bool help = false;
  bool version = false;
};

// `said` must outlive the parse.
void declare_globals(Options& options, Said& said);

// How many of the words stand before the command's name. Throws Error(usage) on an unknown option
// there.
std::size_t leading_options(const std::vector<std::string>& words);

// The formats that a command understands, its default first.
std::vector<std::string> formats_of(const Command& command);

// Decides on the format and fills in what the environment says. Throws Error(usage) for a format
// that `command` lacks.
void settle(Said& said, const Command& command, Environment& environment);

}  // namespace autopilot::cli
