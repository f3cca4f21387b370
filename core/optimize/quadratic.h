#pragma once
// Returns less a risk that is a quadratic form (F10). A few factors: Newton on the dual, which has
// one unknown for each, with water-filling within. Any covariance of at most 500 channels: a
// sequence of quadratic programs by the dual active-set method of Goldfarb and Idnani (Mathematical
// Programming 27, 1983). Pure.

#include <functional>

#include "core/optimize/problem.h"

namespace autopilot::optimize {

inline constexpr std::size_t kMostDense = 500;

// Concave returns, linear bounds, no switches.
bool is_quadratic(const Problem& problem);

// REQUIRES is_quadratic. Throws Error(invalid) for a dense covariance of too many channels.
Allocation solve_quadratic(const Problem& problem, const std::function<bool()>& stop);

}  // namespace autopilot::optimize
