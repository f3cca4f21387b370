#pragma once
// Which arm is the best, by what is believed of each: exact to 1e-9 by quadrature, where drawing
// from the posteriors needs 1e18 draws for as much.
//
//   P(j is best) = integral of f_j(t) prod_{i != j} F_i(t) dt
//
// over Gauss-Legendre panels short enough for every density that matters there. The distribution
// functions come from the same nodes, integrated from the right. Cost: one density for each arm and
// node; nodes where an arm's density is negligible cost nothing.

#include <span>
#include <vector>

#include "core/stats/bandit_posterior.h"

namespace autopilot::stats {

struct BestArm {
  std::vector<double> probability;    // by arm; sums to 1
  std::vector<double> expected_loss;  // E[best - this arm's]: what playing it alone would cost
  double expected_best = 0;           // E[the greatest mean]
};

// REQUIRES one posterior at least, all of one family.
BestArm best_arm(std::span<const Posterior> arms);

// P(arm has the (r+1)-th greatest mean) as [arm][r] for r < ranks: what ranked lists need. The
// same REQUIREs; 1 <= ranks.
std::vector<std::vector<double>> rank_probabilities(std::span<const Posterior> arms,
                                                    std::size_t ranks);

}  // namespace autopilot::stats
