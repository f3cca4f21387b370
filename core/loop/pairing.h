#pragma once
// From what was decided for each arm to shares that add up. Policies clamp each step on its own, so
// that what some arms may gain is not what the others may lose: then the side that moves more moves
// less. No share ever goes further than was decided, nor back beyond where it was.

#include <vector>

namespace autopilot::loop {

// All in basis points; `before` adds up to 10,000.
std::vector<int> paired_shares(const std::vector<int>& before, const std::vector<int>& decided);

// The share of a decided weight in basis points, rounded towards where it was.
int decided_bp(double weight, int before);

}  // namespace autopilot::loop
