#pragma once
// Returns that are not concave, and channels that are on or off, under any limits: crossed groups,
// floors on returns, counts. A program of pieces (piece_model.h) bounds what can be had; tangents
// and pieces are added where its answer is until the bound and the best plan found meet (outer
// approximation: Duran and Grossmann, Mathematical Programming 36, 1986; and adaptive pieces:
// Nagarajan et al., Journal of Global Optimization 74, 2019). Pure.

#include "core/optimize/linear.h"

namespace autopilot::optimize {

// Stopped: the best found, with the bound that is proven.
Allocation solve_pieces(const Problem& problem, const LpSolver& solver,
                        const LinearOptions& options);

}  // namespace autopilot::optimize
