#pragma once
// What many channels return, four of a family at a time: value_at for each, to an ulp or two. Pure.

#include <vector>

#include "core/optimize/problem.h"

namespace autopilot::optimize {

// By channel, before fixed costs. REQUIRES as many amounts as channels.
std::vector<double> values_at(const std::vector<Channel>& channels,
                              const std::vector<double>& spend);

}  // namespace autopilot::optimize
