#pragma once
// What a subcommand is. The table of all of them is commands/registry.cpp; nothing registers
// itself.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cli/context.h"
#include "cli/exit.h"
#include "cli/options.h"

namespace autopilot::cli {

// One run of a command: its members are the options, its constructor the grammar, run() the story.
class Invocation {
 public:
  virtual ~Invocation() = default;
  virtual Exit run(Context& context) = 0;
};

// A row of the table. `name` may be two words ("state info"); a name that starts with "__" is for
// machines. `details` is the man page's text: paragraphs separated by empty lines, lines that start
// with two spaces kept as they are, and a line in capitals ("EXAMPLES") that starts a section; what
// stands before the first one is the DESCRIPTION.
struct Command {
  const char* name;
  const char* summary;  // one line, imperative, no final period
  const char* details;
  std::unique_ptr<Invocation> (*bind)(Options&);
  // The values of --format that it understands, the first is the default; empty: text and json.
  std::vector<std::string_view> formats;
};

// Commands that belong together in the list that `autopilot help` shows, in that order.
struct Group {
  const char* title;  // "" for what is not listed
  std::vector<const Command*> commands;
};
using Table = std::vector<Group>;

// The command of that name, or null.
const Command* find_command(const Table& table, std::string_view name);
// The commands of two words whose first one is `first`, or none.
Table family(const Table& table, std::string_view first);
// The names to type: hidden ones left out.
std::vector<std::string> command_names(const Table& table);

template <class T>
std::unique_ptr<Invocation> bind(Options& options) {
  return std::make_unique<T>(options);
}

}  // namespace autopilot::cli
