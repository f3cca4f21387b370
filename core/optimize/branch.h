#pragma once
// Returns that are not concave: S-curves, channels that are off or get a least amount, fixed costs.
// Branch and bound on concave envelopes (Falk and Soland, An algorithm for separable nonconvex
// programming problems, Management Science 15, 1969). With one coupling row few channels are off
// their envelope at the optimum of the bound, so that the tree stays small. Pure.

#include <functional>

#include "core/optimize/problem.h"

namespace autopilot::optimize {

struct BranchOptions {
  double gap = 1e-10;               // that ends it
  std::size_t most = 2000000;       // nodes
  std::function<bool()> stop = {};  // asked between nodes; empty: never
};

// Whether it can be branched on: nested groups, no rows on returns, no limit on how much moves.
bool is_branchable(const Problem& problem);

// REQUIRES is_branchable. Stopped: the best found, with the bound that is proven.
Allocation solve_branching(const Problem& problem, const BranchOptions& options);

}  // namespace autopilot::optimize
