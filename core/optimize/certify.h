#pragma once
// Checks an answer without asking how it was found: whether it keeps to what was asked, whether the
// prices are right for it, and how much better anything could be. Weak duality: whatever the
// prices, the sum of each channel's own best at them is never below the best allocation. Pure.

#include "core/optimize/problem.h"

namespace autopilot::optimize {

struct Certificate {
  double violation = 0;      // greatest, of the scale of the constraint
  double residual = 0;       // KKT: greatest gain in the objective that a channel alone sees at the
                             // prices, of the objective
  double bound = kInfinity;  // no allocation is better
  double gap = kInfinity;    // of the objective, to `bound`
};

// By how much the worst constraint is missed, of its own scale. Infinite for what is no number.
double violation_of(const Problem& problem, const std::vector<double>& spend);

Certificate certify(const Problem& problem, const std::vector<double>& spend, const Prices& prices);

// The gap between an objective and a bound, of the objective's size.
double relative_gap(double objective, double bound);

}  // namespace autopilot::optimize
