#pragma once
// How far each channel can go at all, as the limits together have it, and how large its amounts
// are: what keeps a program's coefficients close to each other where the document sets no bounds.
// Pure.

#include <vector>

#include "core/optimize/problem.h"

namespace autopilot::optimize {

// At most its max, the total, its groups' maxima, what may move, and what floors on returns can pay
// for; these `room` times, so that with room above 1 they never bind and have no price.
std::vector<double> reach_of(const Problem& problem, double room);

// The size of what is spent: the total, or what else says how large amounts are. Above 0.
double typical_amount(const Problem& problem);

}  // namespace autopilot::optimize
