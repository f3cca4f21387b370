#pragma once
// Which recorded decisions a command is about.

#include <cstdint>
#include <string>

#include "cli/context.h"
#include "core/decide/archive.h"

namespace autopilot::commands {

// Those since `since`, a duration or an RFC 3339 time; all when it is empty. Throws Error(usage).
decide::Range recorded_since(cli::Context& context, const std::string& since);

}  // namespace autopilot::commands
