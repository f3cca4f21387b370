#pragma once
// Shares as HAProxy takes them: whole weights of servers, 0 to 256.

#include <string>
#include <vector>

#include "core/deploy/traffic.h"

namespace autopilot::deploy {

inline constexpr int kMostWeight = 256;

// The weight of each server of a slot.
struct WeightPair {
  int canary = 0, stable = 0;
  friend bool operator==(const WeightPair&, const WeightPair&) = default;
};

// Servers in each slot.
struct ServerCounts {
  int canary = 1, stable = 1;
};

// The share that weights give the canary; 0 when all are 0.
double share_of(const WeightPair& weights, const ServerCounts& servers);

// The weights closest to a share, the smallest of equals: a share above 0 never becomes 0, one
// below the whole never the whole.
WeightPair closest_weights(int canary_bp, const ServerCounts& servers);

// Whether the canary's weight is to be set before the stable one's, so that in between traffic
// never has nowhere to go and the canary never gets more than before or after.
bool canary_goes_first(const WeightPair& from, const WeightPair& to, const ServerCounts& servers);

}  // namespace autopilot::deploy
