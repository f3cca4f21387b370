#include "commands/moment.h"

#include <fmt/format.h>

#include "core/base/error.h"

namespace autopilot::commands {

Instant moment_of(cli::Context& context, std::string_view option, const std::string& text) {
  if (const auto length = parse_duration(text)) return context.world.clock.now() - *length;
  if (const auto time = parse_rfc3339(text)) return *time;
  throw Error(ErrorKind::usage, fmt::format("{} {}: neither a duration nor a time", option, text),
              "write 7d, 12h or 2026-11-20T10:00:00Z");
}

}  // namespace autopilot::commands
