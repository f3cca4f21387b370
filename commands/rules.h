#pragma once
// The policies that a command looks at: the applied ones, or those of a folder.

#include <optional>
#include <string>

#include "cli/context.h"
#include "core/decide/whatif_trials.h"

namespace autopilot::commands {

// `folder`: empty for the applied policies. Null when its files have faults, which are shown.
std::optional<decide::Rules> rules_of(cli::Context& context, const std::string& folder);

}  // namespace autopilot::commands
