#pragma once
// Two revisions side by side, in the form of a plan that leads from one to the other.

#include <vector>

#include "core/state/plan.h"

namespace autopilot::state {

// Both sorted by kind, id. Nothing is protected here: it is a comparison, not an intention.
Plan compare_sets(const std::vector<policy::Document>& before,
                  const std::vector<policy::Document>& after);

}  // namespace autopilot::state
