#include "core/stats/bandit_lookahead.h"

#include <algorithm>
#include <numeric>

namespace autopilot::stats {
namespace {

// Finds the arm of the greatest index without asking all of them: an index only grows with time
// while its arm is not played, so that its value at the end bounds it until then. Arms are looked
// at by falling bounds until one is no more than the greatest index found.
class Ahead {
 public:
  Ahead(Bandit method, std::span<const ArmRewards> arms, double end)
      : method_(method), end_(end), arms_(arms.begin(), arms.end()), order_(arms.size()) {
    for (const ArmRewards& arm : arms_) bounds_.push_back(index_of(method_, arm, end_));
    std::iota(order_.begin(), order_.end(), std::size_t{0});
    std::sort(order_.begin(), order_.end(), [&](auto a, auto b) { return comes_first(a, b); });
  }

  std::size_t choose(double t) const {
    if (method_ == Bandit::imed) return index_choice(method_, arms_, t);
    std::size_t best = order_.front();
    double most = -1;
    for (const std::size_t j : order_) {
      if (bounds_[j] < most) break;
      const double index = index_of(method_, arms_[j], t);
      if (index < most || (index == most && j > best)) continue;
      most = index;
      best = j;
    }
    return best;
  }

  void play(std::size_t arm, double reward) {
    arms_[arm].add(reward);
    if (method_ == Bandit::imed) return;
    order_.erase(std::find(order_.begin(), order_.end(), arm));
    bounds_[arm] = index_of(method_, arms_[arm], end_);
    order_.insert(std::upper_bound(order_.begin(), order_.end(), arm,
                                   [&](auto a, auto b) { return comes_first(a, b); }),
                  arm);
  }

 private:
  bool comes_first(std::size_t a, std::size_t b) const {
    return bounds_[a] != bounds_[b] ? bounds_[a] > bounds_[b] : a < b;
  }

  Bandit method_;
  double end_;
  std::vector<ArmRewards> arms_;
  std::vector<double> bounds_;      // of each index at the end
  std::vector<std::size_t> order_;  // by falling bounds
};

}  // namespace

std::vector<double> lookahead_shares(Bandit method, std::span<const ArmRewards> arms,
                                     const BanditSettings& settings, std::size_t batch) {
  std::vector<double> plays(arms.size(), 0.0), expected;
  double t = 0;
  for (const ArmRewards& arm : arms) {
    t += arm.count;
    const double mean = (settings.alpha + arm.sum) / (settings.alpha + settings.beta + arm.count);
    expected.push_back(std::clamp(mean, 0.0, 1.0));
  }
  Ahead ahead(method, arms, t + static_cast<double>(batch));
  for (std::size_t round = 0; round < batch; ++round, t += 1) {
    const std::size_t arm = ahead.choose(t);
    ahead.play(arm, expected[arm]);
    plays[arm] += 1;
  }
  for (double& share : plays) share /= static_cast<double>(batch);
  return plays;
}

}  // namespace autopilot::stats
