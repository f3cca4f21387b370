#include "core/stats/bandit_memory.h"

namespace autopilot::stats {

void ArmMemory::add(std::size_t arm, double reward) {
  if (discount_ < 1) {
    for (ArmRewards& known : arms_) {
      known.count *= discount_;
      known.sum *= discount_;
      known.square_sum *= discount_;
    }
  }
  arms_[arm].add(reward);
  if (window_ == 0) return;
  remembered_.emplace_back(arm, reward);
  if (static_cast<std::int64_t>(remembered_.size()) <= window_) return;
  const auto [oldest, value] = remembered_.front();
  ArmRewards& known = arms_[oldest];
  known.count -= 1;
  known.sum -= value;
  known.square_sum -= value * value;
  remembered_.pop_front();
}

}  // namespace autopilot::stats
