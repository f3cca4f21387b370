#pragma once
// Amounts that are whole multiples of a unit (cents, basis points) and still keep to the total and
// to every bound: unit by unit to whom it earns most, which is exact for separable concave returns
// under nested groups (Federgruen and Groenevelt, Operations Research 34, 1986). Pure.

#include <cstdint>
#include <optional>
#include <vector>

#include "core/optimize/problem.h"

namespace autopilot::optimize {

// Multiples of `unit`, from a `near` that is the best without it; null when no whole multiples fit.
// REQUIRES nested groups and no limits on returns.
std::optional<std::vector<std::int64_t>> whole_units(const Problem& problem,
                                                     const std::vector<double>& near, double unit);

}  // namespace autopilot::optimize
