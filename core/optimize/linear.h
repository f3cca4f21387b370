#pragma once
// Allocation as a linear program (F7), with straight returns of channels that are on or off as a
// mixed-integer one (F8), and smooth curves by tangents that are added where the answer is, until
// nothing can be gained (outer linearisation). Straight parts go right into the rows. Pure.

#include "core/optimize/lp.h"
#include "core/optimize/problem.h"

namespace autopilot::optimize {

struct LinearOptions {
  double seconds = 60;
  double gap = 1e-9;                // that ends the tangents
  std::function<bool()> stop = {};  // asked between two programs; empty: never
};

// REQUIRES concave returns; straight ones and no risk where channels are on or off.
Allocation solve_linear(const Problem& problem, const LpSolver& solver,
                        const LinearOptions& options);

}  // namespace autopilot::optimize
