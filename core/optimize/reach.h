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

// Channels that nothing holds and that earn more the more they get; without a price of spend, also
// where that saturates. Where there are such and something fits, there is no best plan.
std::vector<std::size_t> endless_channels(const Problem& problem);
// The same as the answer's status, where something was found; true where it was changed.
bool grows_without_end(const Problem& problem, Allocation& found);

// The size of what is spent: the total, or what else says how large amounts are. Above 0.
double typical_amount(const Problem& problem);

}  // namespace autopilot::optimize
