#pragma once
// Concave returns under nested groups (F0) and what a price or two on top of that can do: return on
// investment of the whole, a return to be reached for the least spend, a limit on how much may
// move. Pure.

#include <algorithm>
#include <vector>

#include "core/optimize/forest.h"
#include "core/optimize/problem.h"

namespace autopilot::optimize {

// Whether the dual is exact: concave returns, nested groups, no switches, no crossed rows, risk
// diagonal at most.
bool is_separable(const Problem& problem);

// REQUIRES is_separable.
Allocation solve_separable(const Problem& problem);

// Each channel's upper bound, or what it cannot exceed anyway where that is less: the total and its
// groups' maxima, `room` times. With room above 1 such a bound never binds, so that the prices are
// those of the constraints as they were said.
class Highest {
 public:
  // `problem` must outlive it.
  Highest(const Problem& problem, double room);
  double of(std::size_t channel) const {
    const double high = std::min(problem_.channels[channel].max, total_);
    return by_group_.empty() ? high : std::min(high, by_group_[channel]);
  }

 private:
  const Problem& problem_;
  double total_;
  std::vector<double> by_group_;
};
std::vector<double> highest(const Problem& problem, double room);  // of all

// Prices of groups and total from those of the nodes, where a unit of spend costs `outer` anyway.
Prices prices_of(const Problem& problem, const Forest& forest, const std::vector<double>& price_of,
                 double outer);

}  // namespace autopilot::optimize
