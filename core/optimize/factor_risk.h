#pragma once
// Risk of a few factors under nested groups: the dual has one unknown for each factor, its inside
// is water-filling, and Newton's method on it needs a handful of rounds. Pure.

#include "core/optimize/problem.h"

namespace autopilot::optimize {

// Nested groups, factors and variances alone, every channel's part strictly concave.
bool is_factor_risk(const Problem& problem);
Allocation solve_factor_risk(const Problem& problem);  // REQUIRES is_factor_risk

}  // namespace autopilot::optimize
