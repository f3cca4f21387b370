#pragma once
// What is believed of arms given what they have earned.

#include <span>
#include <vector>

#include "core/stats/bandit.h"
#include "core/stats/bandit_posterior.h"

namespace autopilot::stats {

// thompson, top_two and the index methods: Beta(alpha + sum, beta + count - sum).
// gaussian with a known noise: the normal posterior under a flat prior; REQUIRES count > 0.
// gaussian without: the Student posterior of a normal-inverse-gamma prior worth one observation,
// with the mean and the variance of all arms together.
std::vector<Posterior> beliefs(Bandit method, std::span<const ArmRewards> arms,
                               const BanditSettings& settings);

}  // namespace autopilot::stats
