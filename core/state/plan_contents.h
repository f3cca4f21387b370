#pragma once
// A saved plan may have been made by hand or elsewhere: what it would put into the state must be
// documents that are valid there, or decisions would fail on them later.

#include "core/state/plan.h"
#include "core/state/store.h"

namespace autopilot::state {

// Throws Error(invalid) naming the first document that is not valid under the project that will be
// applied. `store` may be null: there is no state yet.
void check_contents(const Plan& plan, Store* store);

}  // namespace autopilot::state
