#pragma once
// Times as options give them: an RFC 3339 time, or a duration for so long ago.

#include <string>
#include <string_view>

#include "cli/context.h"

namespace autopilot::commands {

// `option` is what messages call it: "--since". Throws Error(usage).
Instant moment_of(cli::Context& context, std::string_view option, const std::string& text);

}  // namespace autopilot::commands
