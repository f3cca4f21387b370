// autopilot version: which build this is.
#include <fmt/format.h>

#include "cli/command.h"

namespace autopilot::commands {
namespace {

constexpr char kVersionDetails[] =
    R"(Prints the version of autopilot. With --json, as an object with the field version.

EXAMPLES
  autopilot version
  autopilot version --json
)";

class Version : public cli::Invocation {
 public:
  explicit Version(cli::Options&) {}

  cli::Exit run(cli::Context& context) override {
    render::Report report{"autopilot.version/v1", {{"version", AUTOPILOT_VERSION}}, {}};
    report.text.push_back(render::Lines{{"autopilot " AUTOPILOT_VERSION}});
    context.show(report);
    return cli::Exit::ok;
  }
};

}  // namespace

extern const cli::Command version{
    "version", "Print the version", kVersionDetails, cli::bind<Version>, {}};

}  // namespace autopilot::commands
