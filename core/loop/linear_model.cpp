#include "core/loop/linear_model.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace autopilot::loop {
namespace {

constexpr double kLeastNoise = 1e-6;
// As many rewards as that about the mean of all keep a few equal ones from looking certain.
constexpr double kPrior = 5;

// One column for the intercept and one for each value of each key.
std::vector<std::vector<double>> features_of(
    const std::vector<std::vector<std::string>>& segments) {
  std::map<std::pair<std::size_t, std::string>, std::size_t> columns;
  for (const auto& values : segments) {
    for (std::size_t k = 0; k < values.size(); ++k) {
      columns.try_emplace({k, values[k]}, columns.size() + 1);
    }
  }
  std::vector<std::vector<double>> out;
  for (const auto& values : segments) {
    std::vector<double> x(columns.size() + 1, 0.0);
    x[0] = 1;
    for (std::size_t k = 0; k < values.size(); ++k) x[columns.at({k, values[k]})] = 1;
    out.push_back(std::move(x));
  }
  return out;
}

}  // namespace

LinearModel::LinearModel(const std::vector<std::vector<std::string>>& segments, std::size_t arms,
                         double lambda)
    : features_(features_of(segments)),
      arms_(arms, stats::LinearArm(features_.front().size(), lambda)) {}

void LinearModel::add(std::size_t segment, std::size_t arm, const stats::ArmRewards& rewards) {
  if (rewards.count <= 0) return;
  arms_[arm].add(features_[segment], rewards.count, rewards.sum);
  all_.count += rewards.count;
  all_.sum += rewards.sum;
  all_.square_sum += rewards.square_sum;
  freedom_ += std::max(0.0, rewards.count - 1);
  within_ += std::max(0.0, rewards.square_sum - rewards.sum * rewards.mean());
}

double LinearModel::noise() const {
  if (all_.count <= 0) return 1;
  const double total = std::max(0.0, all_.square_sum / all_.count - all_.mean() * all_.mean());
  const double variance = (within_ + kPrior * total) / (freedom_ + kPrior);
  return std::max(kLeastNoise, std::sqrt(variance));
}

std::vector<stats::Posterior> LinearModel::beliefs(std::size_t segment, double noise) const {
  return stats::linear_beliefs(arms_, features_[segment], noise > 0 ? noise : this->noise());
}

std::vector<double> LinearModel::ucb_shares(std::size_t segment, double width,
                                            std::size_t batch) const {
  return stats::linear_ucb_shares(arms_, features_[segment], width * noise(), batch);
}

}  // namespace autopilot::loop
