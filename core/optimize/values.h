#pragma once
// What many channels return, four of a family at a time: value_at for each, to an ulp or two, less
// fixed costs. Pure.

#include <vector>

#include "core/optimize/problem.h"

namespace autopilot::optimize {

// By channel. REQUIRES as many amounts as channels.
std::vector<double> returns_at(const std::vector<Channel>& channels,
                               const std::vector<double>& spend);

}  // namespace autopilot::optimize
