#include "commands/recorded.h"

#include <fmt/format.h>

#include "core/base/error.h"

namespace autopilot::commands {

decide::Range recorded_since(cli::Context& context, const std::string& since) {
  if (since.empty()) return {};
  if (const auto length = parse_duration(since))
    return decide::Range::since(context.world.clock.now() - *length);
  if (const auto time = parse_rfc3339(since)) return decide::Range::since(*time);
  throw Error(ErrorKind::usage, fmt::format("--since {}: neither a duration nor a time", since),
              "write 7d, 12h or 2026-11-20T10:00:00Z");
}

}  // namespace autopilot::commands
