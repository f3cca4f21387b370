#pragma once
// What people and machines are told of rollouts: `rollout status` and `rollout tick`.

#include <string>

#include "core/render/report.h"
#include "core/state/tick.h"
#include "core/state/watching.h"

namespace autopilot::state {

// All of them in a table, or the one that was asked for with all that is known of it.
render::Report describe_rollouts(Store& store, Watching& watching, bool single, Instant now);

render::Report describe(const Ticked& ticked);

}  // namespace autopilot::state
