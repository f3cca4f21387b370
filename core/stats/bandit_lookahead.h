#pragma once
// What an index method would do until the next look: it is played ahead, and every reward is the
// posterior mean.

#include <span>
#include <vector>

#include "core/stats/bandit.h"

namespace autopilot::stats {

// The share of `batch` rounds that each arm is played. REQUIRES one arm, one round at least.
std::vector<double> lookahead_shares(Bandit method, std::span<const ArmRewards> arms,
                                     const BanditSettings& settings, std::size_t batch);

}  // namespace autopilot::stats
