#include "commands/recorded.h"

#include "commands/moment.h"

namespace autopilot::commands {

decide::Range recorded_since(cli::Context& context, const std::string& since) {
  if (since.empty()) return {};
  return decide::Range::since(moment_of(context, "--since", since));
}

}  // namespace autopilot::commands
