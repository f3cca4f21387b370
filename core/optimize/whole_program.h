#pragma once
// Whole multiples of a unit where no greedy choice is exact: crossed groups, floors on returns,
// limits on moves. A mixed-integer program of the few units around the best without units. Pure.

#include <cstdint>
#include <optional>
#include <vector>

#include "core/optimize/lp.h"

namespace autopilot::optimize {

inline constexpr std::size_t kMostForProgram = 5000;  // channels

// Multiples of `unit`; null when none were found within `seconds`. Channels that get nothing stay
// so. REQUIRES at most kMostForProgram channels.
std::optional<std::vector<std::int64_t>> whole_by_program(const Problem& problem,
                                                          const std::vector<double>& near,
                                                          double unit, const LpSolver& solver,
                                                          double seconds);

}  // namespace autopilot::optimize
