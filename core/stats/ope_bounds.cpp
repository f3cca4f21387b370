#include "core/stats/ope_bounds.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace autopilot::stats {
namespace {

constexpr double kLargestBet = 0.75;
constexpr std::size_t kGroup = 64;  // values with the same bet, at most
constexpr std::array kStakes = {0.5, 0.25, 0.1, 0.04, 0.015, 0.005, 0.0015, 0.0005};
constexpr std::size_t kProduct = 32;  // factors multiplied before a logarithm is taken

std::vector<std::size_t> rising(std::span<const double> p) {
  std::vector<std::size_t> order(p.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return p[a] < p[b]; });
  return order;
}

}  // namespace

Interval empirical_bernstein(double mean, double variance, double range, double count,
                             double alpha) {
  const double log_term = std::log(4 / alpha);
  const double half =
      std::sqrt(2 * variance * log_term / count) + 7 * range * log_term / (3 * (count - 1));
  return {mean - half, mean + half};
}

void MeanSequence::set_bet() {
  const double t = count_ + 1;
  const double variance = (0.25 + squares_) / t;
  bet_ =
      std::min(kLargestBet, std::sqrt(2 * std::log(2 / alpha_) / (variance * t * std::log(1 + t))));
  cost_ = (-std::log1p(-bet_) - bet_) / 4;
}

void MeanSequence::add(std::span<const double> values) {
  for (std::size_t i = 0; i < values.size();) {
    set_bet();
    const auto group = std::clamp<std::size_t>(static_cast<std::size_t>(count_ / 32), 1, kGroup);
    const std::size_t end = std::min(values.size(), i + group);
    const auto size = static_cast<double>(end - i);
    const double predicted = (0.5 + sum_) / (count_ + 1);
    double sum = 0, squares = 0;
    for (; i < end; ++i) {
      const double x = std::clamp(values[i], 0.0, 1.0);
      sum += x;
      squares += (x - predicted) * (x - predicted);
    }
    count_ += size;
    sum_ += sum;
    squares_ += squares;
    bet_sum_ += bet_ * size;
    bet_values_ += bet_ * sum;
    bet_costs_ += 4 * cost_ * squares;
  }
}

Interval MeanSequence::interval() const {
  if (bet_sum_ == 0) return {0, 1};
  const double middle = bet_values_ / bet_sum_;
  const double half = (std::log(2 / alpha_) + bet_costs_) / bet_sum_;
  return {std::max(0.0, middle - half), std::min(1.0, middle + half)};
}

MeanAboveZero::MeanAboveZero() : log_capital_(kStakes.size()) {}

void MeanAboveZero::add(std::span<const double> values) {
  for (std::size_t i = 0; i < values.size();) {
    const std::size_t end = std::min(values.size(), i + kProduct);
    std::array<double, kStakes.size()> product;
    product.fill(1);
    for (; i < end; ++i) {
      for (std::size_t s = 0; s < kStakes.size(); ++s)
        product[s] *= 1 + kStakes[s] * std::max(values[i], -1.0);
    }
    for (std::size_t s = 0; s < kStakes.size(); ++s) log_capital_[s] += std::log(product[s]);
  }
}

double MeanAboveZero::log_evidence() const {
  const double most = *std::max_element(log_capital_.begin(), log_capital_.end());
  double sum = 0;
  for (const double c : log_capital_) sum += std::exp(c - most);
  return most + std::log(sum / static_cast<double>(log_capital_.size()));
}

std::vector<double> holm(std::span<const double> p) {
  std::vector<double> out(p.size());
  double most = 0;
  std::size_t left = p.size();
  for (const std::size_t i : rising(p)) {
    most = std::max(most, std::min(1.0, p[i] * static_cast<double>(left--)));
    out[i] = most;
  }
  return out;
}

std::vector<double> benjamini_hochberg(std::span<const double> p) {
  std::vector<double> out(p.size());
  const std::vector<std::size_t> order = rising(p);
  double least = 1;
  for (std::size_t k = order.size(); k-- > 0;) {
    const double m = static_cast<double>(p.size()), rank = static_cast<double>(k + 1);
    least = std::min(least, p[order[k]] * (m / rank));
    out[order[k]] = least;
  }
  return out;
}

}  // namespace autopilot::stats
