#pragma once
// What a bandit knows of its arms: all rewards alike, older ones discounted, or the last ones only.

#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

#include "core/stats/bandit.h"

namespace autopilot::stats {

class ArmMemory {
 public:
  // `window`: rewards that are remembered; 0: all.
  ArmMemory(std::size_t arms, double discount, std::int64_t window)
      : arms_(arms), discount_(discount), window_(window) {}

  void add(std::size_t arm, double reward);
  const std::vector<ArmRewards>& arms() const { return arms_; }

 private:
  std::vector<ArmRewards> arms_;
  double discount_;
  std::int64_t window_;
  std::deque<std::pair<std::size_t, double>> remembered_;
};

}  // namespace autopilot::stats
