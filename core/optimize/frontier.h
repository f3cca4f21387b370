#pragma once
// What every total would return, in one sweep: the efficient frontier. Where returns are concave
// and groups nest, the price of money falls as the total rises, so that each total begins where the
// one before it ended, and two looks at all channels, at prices a hair apart with the total
// between, prove what it returns: the plan between the two returns as much at least, their prices'
// tangents meet above. Pure.

#include <functional>
#include <vector>

#include "core/optimize/solve.h"

namespace autopilot::optimize {

struct FrontierPoint {
  double total = 0, spend = 0, returned = 0;
  double marginal = 0;  // return of the next unit; NaN where it is not known
  double gap = 0;       // proven: no plan returns more than this above, of the return
};

using Solver = std::function<Solution(const Problem& problem)>;

// Returns and marginal returns for totals, each the best there is. Those that cannot be met are
// left out.
std::vector<FrontierPoint> frontier_of(const Problem& problem, const std::vector<double>& totals,
                                       const Solver& solver);
// The same by solving for each total: where the solver knows more than the problem, such as tiers.
std::vector<FrontierPoint> frontier_by_solving(const Problem& problem,
                                               const std::vector<double>& totals,
                                               const Solver& solver);

}  // namespace autopilot::optimize
