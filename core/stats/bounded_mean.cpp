#include "core/stats/bounded_mean.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace autopilot::stats {
namespace {

// No bet risks more than this of the capital in one round (c of the paper, 1/2 to 3/4).
constexpr double kMostAtStake = 0.5;

constexpr int kStakes = 8;  // 1/2, 1/4, … of what the worst value could take

double stake_at(int i) { return std::ldexp(1.0, -1 - i); }

double log_mean(const std::vector<double>& logs) {
  const double most = *std::max_element(logs.begin(), logs.end());
  double sum = 0;
  for (const double l : logs) sum += std::exp(l - most);
  return most + std::log(sum / static_cast<double>(logs.size()));
}

}  // namespace

MeanAgainst::MeanAgainst(double limit) : limit_(limit) {
  state_.log_less.assign(kStakes, 0.0);
  state_.log_more.assign(kStakes, 0.0);
}

void MeanAgainst::add(double value) {
  const double above = std::clamp(value, 0.0, 1.0) - limit_;
  for (int i = 0; i < kStakes; ++i) {
    const auto at = static_cast<std::size_t>(i);
    state_.log_less[at] += std::log1p(-stake_at(i) / (1 - limit_) * above);
    state_.log_more[at] += std::log1p(stake_at(i) / limit_ * above);
  }
}

double MeanAgainst::log_evidence_below() const { return log_mean(state_.log_less); }
double MeanAgainst::log_evidence_above() const { return log_mean(state_.log_more); }

BoundedMean::BoundedMean(double alpha, std::size_t grid) : alpha_(alpha), grid_(grid) {
  state_.log_up.assign(grid + 1, 0.0);
  state_.log_down.assign(grid + 1, 0.0);
}

double BoundedMean::candidate(std::size_t i) const {
  return static_cast<double>(i) / static_cast<double>(grid_);
}

double BoundedMean::mean() const {
  if (state_.count == 0) return std::numeric_limits<double>::quiet_NaN();
  return state_.sum / static_cast<double>(state_.count);
}

// Equation 26 there: known before the value that it is staked on.
double BoundedMean::bet() const {
  const double t = static_cast<double>(state_.count + 1);
  const double variance = (0.25 + state_.square_sum) / t;
  return std::sqrt(2 * std::log(2 / alpha_) / (variance * t * std::log(1 + t)));
}

void BoundedMean::add(double value) {
  value = std::clamp(value, 0.0, 1.0);
  const double stake = bet();
  for (std::size_t i = 0; i <= grid_; ++i) {
    const double m = candidate(i);
    const double up = m > 0 ? std::min(stake, kMostAtStake / m) : stake;
    const double down = m < 1 ? std::min(stake, kMostAtStake / (1 - m)) : stake;
    state_.log_up[i] += std::log1p(up * (value - m));
    state_.log_down[i] += std::log1p(-down * (value - m));
  }
  ++state_.count;
  state_.sum += value;
  const double predicted = (0.5 + state_.sum) / static_cast<double>(state_.count + 1);
  state_.square_sum += (value - predicted) * (value - predicted);
}

BoundedMean::Interval BoundedMean::interval(double alpha) const {
  const double threshold = std::log(2 / alpha);  // half to either side
  Interval out;
  for (std::size_t i = 0; i <= grid_ && state_.log_up[i] >= threshold; ++i) out.low = candidate(i);
  for (std::size_t i = grid_ + 1; i-- > 0 && state_.log_down[i] >= threshold;) {
    out.high = candidate(i);
  }
  return out;
}

}  // namespace autopilot::stats
