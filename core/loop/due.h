#pragma once
// Whether a step is due by the clock.

#include <optional>
#include <string>

#include "core/loop/algorithm.h"

namespace autopilot::loop {

// Why not, in words; "" when it is. `last`: when the last step began; without one, a step is due.
std::string why_not_due(const Schedule& schedule, std::optional<Instant> last, Instant now);

}  // namespace autopilot::loop
