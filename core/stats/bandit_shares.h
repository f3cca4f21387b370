#pragma once
// Shares of the traffic for arms until the next look: what a method would play, within bounds that
// an operator sets. Static shares between looks are how a bandit runs behind a proxy.

#include <span>
#include <vector>

#include "core/stats/bandit.h"
#include "core/stats/bandit_best.h"

namespace autopilot::stats {

struct ShareBounds {
  std::vector<double> floor, cap;  // by arm; empty: 0 and 1
  double min_count = 0;            // an arm with fewer rewards gets an even share until it has them
};

// What an arm's share is made of.
struct Shares {
  std::vector<double> wanted;  // by the method alone
  std::vector<double> share;   // within the bounds; sums to 1
  BestArm best;                // of what is believed of all arms
};

// Whether bounds can be met: an empty text, or why not.
const char* fault_of(const ShareBounds& bounds, std::size_t arms);

// The probabilities with which the method plays each arm now. For the index methods: how often it
// plays each during the next `batch` rounds when every reward is the posterior mean.
std::vector<double> method_shares(Bandit method, std::span<const ArmRewards> arms,
                                  const BanditSettings& settings, std::size_t batch);

// Top-two shares from the probabilities to be the best: p_i (l + (1 - l) sum_{j != i} p_j/(1-p_j)).
std::vector<double> top_two_shares(std::span<const double> best, double leader_share);

// Additive floors, f_i + (1 - sum f) w_i, which keep the order of the shares; then caps, whose
// excess goes to the others in proportion.
std::vector<double> bounded_shares(std::vector<double> shares, const ShareBounds& bounds);

// REQUIRES one arm at least and bounds without a fault.
Shares shares_of(Bandit method, std::span<const ArmRewards> arms, const BanditSettings& settings,
                 const ShareBounds& bounds, std::size_t batch = 1000);

// Whole basis points that sum to 10,000, by the largest remainders; none that is above 1e-9
// becomes 0.
std::vector<int> basis_points(std::span<const double> shares);

}  // namespace autopilot::stats
