#include "core/stats/bandit_belief.h"

#include <algorithm>
#include <cmath>

namespace autopilot::stats {
namespace {

// Rewards that are all the same leave a little doubt nevertheless.
constexpr double kLeastVariance = 1e-12;

struct Pooled {
  double mean = 0, variance = 1;
};

Pooled pool(std::span<const ArmRewards> arms) {
  ArmRewards all;
  double within = 0;  // sum of squares about each arm's own mean
  for (const ArmRewards& arm : arms) {
    all.count += arm.count;
    all.sum += arm.sum;
    within += std::max(0.0, arm.square_sum - arm.sum * arm.mean());
  }
  if (all.count <= 0) return {};
  Pooled out;
  out.mean = all.sum / all.count;
  out.variance = std::max(within / all.count, kLeastVariance * (1 + out.mean * out.mean));
  return out;
}

Posterior gaussian_belief(const ArmRewards& arm, const Pooled& pooled) {
  const double kappa = 1 + arm.count, shape = 1 + arm.count / 2;
  const double location = (pooled.mean + arm.sum) / kappa;
  const double offset = arm.mean() - pooled.mean;
  const double scatter = std::max(0.0, arm.square_sum - arm.sum * arm.mean());
  const double rate = pooled.variance + scatter / 2 + arm.count * offset * offset / (2 * kappa);
  return Posterior::student(location, std::sqrt(rate / (shape * kappa)), 2 * shape);
}

}  // namespace

std::vector<Posterior> beliefs(Bandit method, std::span<const ArmRewards> arms,
                               const BanditSettings& settings) {
  std::vector<Posterior> out;
  out.reserve(arms.size());
  if (method != Bandit::gaussian) {
    for (const ArmRewards& arm : arms) {
      const double won = std::clamp(arm.sum, 0.0, arm.count);
      out.push_back(Posterior::beta((arm.alpha > 0 ? arm.alpha : settings.alpha) + won,
                                    (arm.beta > 0 ? arm.beta : settings.beta) + arm.count - won));
    }
    return out;
  }
  if (settings.noise > 0) {
    for (const ArmRewards& arm : arms) {
      out.push_back(Posterior::normal(arm.mean(), settings.noise / std::sqrt(arm.count)));
    }
    return out;
  }
  const Pooled pooled = pool(arms);
  for (const ArmRewards& arm : arms) out.push_back(gaussian_belief(arm, pooled));
  return out;
}

}  // namespace autopilot::stats
