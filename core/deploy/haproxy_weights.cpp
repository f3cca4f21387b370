#include "core/deploy/haproxy_weights.h"

#include <algorithm>
#include <cmath>

namespace autopilot::deploy {

double share_of(const WeightPair& weights, const ServerCounts& servers) {
  const double canary = weights.canary * servers.canary, stable = weights.stable * servers.stable;
  return canary + stable == 0 ? 0 : canary / (canary + stable);
}

WeightPair closest_weights(int canary_bp, const ServerCounts& servers) {
  if (canary_bp <= 0) return {0, kMostWeight};
  if (canary_bp >= kWhole) return {kMostWeight, 0};
  const double wanted = canary_bp / 10000.0;
  WeightPair best;
  double least = 2;
  for (int canary = 1; canary <= kMostWeight; ++canary) {
    // The stable weight that fits this one exactly lies between two whole ones.
    const double exact = canary * servers.canary * (1 - wanted) / (wanted * servers.stable);
    for (const double candidate : {std::floor(exact), std::ceil(exact)}) {
      const int stable = static_cast<int>(std::clamp(candidate, 1.0, double{kMostWeight}));
      const double miss = std::abs(share_of({canary, stable}, servers) - wanted);
      if (miss >= least - 1e-12) continue;
      least = miss;
      best = {canary, stable};
    }
  }
  return best;
}

bool canary_goes_first(const WeightPair& from, const WeightPair& to, const ServerCounts& servers) {
  const WeightPair after_canary{to.canary, from.stable}, after_stable{from.canary, to.stable};
  const double most = std::max(share_of(from, servers), share_of(to, servers));
  const auto harm = [&](const WeightPair& between) {
    if (between.canary + between.stable == 0) return 2.0;
    return std::max(0.0, share_of(between, servers) - most);
  };
  const double canary_first = harm(after_canary), stable_first = harm(after_stable);
  if (canary_first != stable_first) return canary_first < stable_first;
  // Either will do: whoever takes away from the canary hurries, whoever gives waits.
  return share_of(to, servers) < share_of(from, servers);
}

}  // namespace autopilot::deploy
