#pragma once
// Which of the plans that are as good (F11): the one that changes least from today, and of these
// the one that gives more to the first ids. What is best is held by complementary slackness with
// the first answer's prices, so that it does not hang on a tolerance of the objective. Pure.

#include "core/optimize/lp.h"

namespace autopilot::optimize {

// A channel in the program: the columns [first, first + count), whose sum is its spend less
// `start`.
struct TiedChannel {
  std::size_t first = 0, count = 0;
  double wanted = 0;     // of the sum: today's spend less the start
  std::size_t rank = 0;  // by id, from 0
};

// The values to take instead of the answer's; its own where there is one best plan only, or no
// other is found within `seconds`. REQUIRES an optimal answer of a program without integers.
std::vector<double> least_change(const LpModel& model, const LpAnswer& answer,
                                 const std::vector<TiedChannel>& channels, const LpSolver& solver,
                                 double seconds);

}  // namespace autopilot::optimize
