#pragma once
// Rules that decide on rolling a canary back, as their tools state them, for simulated rollouts.

#include <memory>
#include <string>
#include <vector>

#include "core/stats/counts.h"

namespace autopilot::bench {

// One tick of ten seconds of a rollout.
struct RolloutTick {
  int index = 0;  // from 0
  stats::Count canary, stable;
};

inline constexpr int kTicksPerMinute = 6;

class RollbackRule {
 public:
  virtual ~RollbackRule() = default;
  virtual bool rolls_back(const RolloutTick& tick) = 0;  // given all ticks so far, in turn
  virtual bool holds() const { return false; }           // does not go forward at present
};

struct RuleMaker {
  std::string name;
  // `dispersion`: as a history of both arms running the same showed it. Only one rule listens.
  std::unique_ptr<RollbackRule> (*make)(stats::Dispersion dispersion);
  int runs_divisor = 1;  // dear rules take part in fewer runs
};

// The sequential analysis of this product with slo 1 %, alpha 1 %; Argo Rollouts with a one-minute
// query each minute and failureLimit 0 (its default) and 3; Flagger with threshold 5; Kayenta's
// judge each five minutes on minutely error rates.
const std::vector<RuleMaker>& rollback_rules();

}  // namespace autopilot::bench
