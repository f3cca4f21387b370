#pragma once
// What the program says about itself: --help, man pages and completions, all made from the command
// table and the options that each command declares. Pure; nothing here is written by hand twice.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/command.h"
#include "cli/roles.h"
#include "core/render/text.h"

namespace autopilot::cli {

// The list of commands with the options that all of them take and the roles that they need.
std::string overview(const Table& table, Roles roles, const render::TextStyle& style);
// One command: usage, description, role, options, exit status, examples.
std::string help_text(const Command& command, Roles roles, const render::TextStyle& style);

// A file to write: its name and its content.
using DocFile = std::pair<std::string, std::string>;

// autopilot.1 and autopilot-<command>.1 as roff (man(7)), without dates.
std::vector<DocFile> man_pages(const Table& table, Roles roles);
// autopilot.bash, autopilot.zsh and autopilot.fish.
std::vector<DocFile> completions(const Table& table);

}  // namespace autopilot::cli
