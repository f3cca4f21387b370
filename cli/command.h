#pragma once
// What a subcommand is. The table of all of them is commands/registry.cpp; nothing registers itself.

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

// A row of the table. `name` may be two words ("state info"). `details` is the man page's DESCRIPTION and EXAMPLES.
struct Command {
  const char* name;
  const char* summary;   // one line, imperative, no final period
  const char* details;
  std::unique_ptr<Invocation> (*bind)(Options&);
  // The values of --format that it understands, the first is the default; empty: text and json.
  std::vector<std::string_view> formats;
};

template <class T>
std::unique_ptr<Invocation> bind(Options& options) {
  return std::make_unique<T>(options);
}

}  // namespace autopilot::cli
