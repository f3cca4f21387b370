// autopilot help: the list of commands, or all about one.
#include <fmt/format.h>

#include "cli/docs.h"
#include "commands/registry.h"
#include "core/base/error.h"
#include "core/base/text.h"

namespace autopilot::commands {
namespace {

constexpr char kHelpDetails[] =
    R"(Without a COMMAND, lists all commands. With one, shows its manual, through $PAGER on a terminal.

EXAMPLES
  autopilot help
  autopilot help plan
  autopilot help state info
)";

class Help : public cli::Invocation {
 public:
  explicit Help(cli::Options& o) {
    o.arguments("COMMAND", words_, "the command, of one or two words");
  }

  cli::Exit run(cli::Context& context) override {
    const std::string name = join(words_, " ");
    if (name.empty()) {
      context.page(cli::overview(registry(), roles(), context.style()));
      return cli::Exit::ok;
    }
    const cli::Command* command = cli::find_command(registry(), name);
    const cli::Table family = cli::family(registry(), name);
    if (command == nullptr && !family.empty()) {
      context.page(cli::overview(family, roles(), context.style()));
      return cli::Exit::ok;
    }
    if (command == nullptr) {
      throw Error(ErrorKind::usage, fmt::format("unknown command {}", name),
                  did_you_mean(name, cli::command_names(registry())));
    }
    context.page(cli::help_text(*command, roles(), context.style()));
    return cli::Exit::ok;
  }

 private:
  std::vector<std::string> words_;
};

}  // namespace

extern const cli::Command help{"help",
                               "Show how to use autopilot or one of its commands",
                               kHelpDetails,
                               cli::bind<Help>,
                               {"text"}};

}  // namespace autopilot::commands
