#include "core/stats/counts.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

namespace autopilot::stats {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kGridStep = 1.25;        // the grid takes two steps for each factor of it
constexpr double kLargestRatio = 20;      // of the alternatives' prior
constexpr double kSmallestEffect = 1.25;  // an alternative differs from the null at least so much

double log_sum(std::span<const double> logs) {
  if (logs.empty()) return -kInfinity;
  const double most = *std::max_element(logs.begin(), logs.end());
  if (most == -kInfinity) return most;
  double sum = 0;
  for (const double l : logs) sum += std::exp(l - most);
  return most + std::log(sum);
}

double log_mean(std::span<const double> logs) {
  return log_sum(logs) - std::log(static_cast<double>(logs.size()));
}

// log of what `count` is as likely as under `rate`, up to a constant.
double log_binomial(const Count& count, double rate) {
  const double events = static_cast<double>(count.events);
  const double others = static_cast<double>(count.trials - count.events);
  return events * std::log(rate) + others * std::log1p(-rate);
}

// Rates above `limit` that are tried against it: 1.25 to 20 times its odds, evenly in the
// logarithm.
std::vector<double> rates_above(double limit) {
  constexpr int kRates = 9;
  std::vector<double> rates;
  const double odds = limit / (1 - limit);
  for (int i = 0; i < kRates; ++i) {
    const double factor =
        kSmallestEffect * std::pow(kLargestRatio / kSmallestEffect, double(i) / (kRates - 1));
    rates.push_back(odds * factor / (1 + odds * factor));
  }
  return rates;
}

// log of the mass that tick `t` (from 0) gets as the point of change.
double log_change_mass(std::int64_t t) {
  std::int64_t length = 256;
  int epoch = 0;
  for (; t >= length; length *= 2, ++epoch) t -= length;
  return -std::log(2.0) * (epoch + 1) - std::log(static_cast<double>(length));
}

double log_ratio(const Count& count, double rate, double limit, const Dispersion& dispersion) {
  // One arm's half of the spread.
  const double information = static_cast<double>(count.trials) * limit * (1 - limit) / 2;
  return (log_binomial(count, rate) - log_binomial(count, limit)) / dispersion.at(information);
}

double log_add(double a, double b) {
  const double pair[] = {a, b};
  return log_sum(pair);
}

}  // namespace

double RateRatio::ratio_at(std::size_t i) {
  static const std::array<double, kGrid> kRatios = [] {
    std::array<double, kGrid> ratios{};
    for (std::size_t k = 0; k < kGrid; ++k)
      ratios[k] =
          std::pow(kGridStep, (static_cast<double>(k) - static_cast<double>(kGrid / 2)) / 2);
    return ratios;
  }();
  return kRatios[i];
}

void RateRatio::add(const Count& canary, const Count& stable) {
  const double c = static_cast<double>(canary.events);
  const double s = static_cast<double>(stable.events);
  // Without trials on both sides, or without events, the tick says nothing of the ratio.
  if (canary.trials <= 0 || stable.trials <= 0 || c + s <= 0) return;
  const double odds = static_cast<double>(canary.trials) / static_cast<double>(stable.trials);
  const double share = odds / (1 + odds);
  const double dispersion = dispersion_.at((c + s) * share * (1 - share));
  for (std::size_t i = 0; i < kGrid; ++i) {
    const double weight = odds * ratio_at(i);
    log_likelihood_[i] += (c * std::log(weight) - (c + s) * std::log1p(weight)) / dispersion;
  }
}

double RateRatio::log_evidence_above(double tolerance) const {
  // The nearest grid point at or above the null's edge: the null that is tested only grows. Larger
  // ratios weigh more: they do the most harm, and should be found first.
  std::size_t edge = 0;
  while (edge + 1 < kGrid && ratio_at(edge) < tolerance * (1 - 1e-12)) ++edge;
  std::vector<double> logs;
  for (std::size_t i = edge + 1; i < kGrid && ratio_at(i) <= kLargestRatio * ratio_at(edge); ++i) {
    logs.push_back(log_likelihood_[i] - log_likelihood_[edge] + std::log(double(i - edge)));
  }
  const double n = static_cast<double>(logs.size());
  return logs.empty() ? 0 : log_sum(logs) - std::log(n * (n + 1) / 2);
}

double RateRatio::log_evidence_below(double at_least) const {
  std::size_t edge = kGrid - 1;
  while (edge > 0 && ratio_at(edge) > at_least * (1 + 1e-12)) --edge;
  std::vector<double> logs;
  for (std::size_t i = edge; i-- > 0 && ratio_at(i) * kLargestRatio >= ratio_at(edge);) {
    logs.push_back(log_likelihood_[i] - log_likelihood_[edge]);
  }
  return logs.empty() ? 0 : log_mean(logs);
}

RateRatio::Interval RateRatio::interval(double alpha) const {
  Interval out{0, kInfinity};
  const double threshold = -std::log(alpha);
  for (std::size_t i = 0; i < kGrid; ++i) {
    if (log_evidence_above(ratio_at(i)) >= threshold) out.low = ratio_at(i);
  }
  for (std::size_t i = kGrid; i-- > 0;) {
    if (log_evidence_below(ratio_at(i)) >= threshold) out.high = ratio_at(i);
  }
  return out;
}

RateAbove::RateAbove(double limit, Dispersion dispersion)
    : limit_(limit), dispersion_(dispersion), alternatives_(rates_above(limit)) {
  state_.log_mass.assign(alternatives_.size(), -kInfinity);
}

void RateAbove::add(const Count& count) {
  const double mass = log_change_mass(state_.ticks++);
  for (std::size_t i = 0; i < alternatives_.size(); ++i) {
    state_.log_mass[i] =
        log_add(state_.log_mass[i], mass) + log_ratio(count, alternatives_[i], limit_, dispersion_);
  }
}

double RateAbove::log_evidence() const {
  // What mass the change point has not spent yet stays a bet of 1: left out, it only costs.
  return log_mean(state_.log_mass);
}

OverLimit::OverLimit(double limit, double alpha, Dispersion dispersion)
    : limit_(limit),
      log_threshold_(-std::log(alpha)),
      dispersion_(dispersion),
      alternatives_(rates_above(limit)) {
  state_.log_cusum.assign(alternatives_.size(), 0.0);
}

void OverLimit::add(const Count& count) {
  double most = 0;
  for (std::size_t i = 0; i < alternatives_.size(); ++i) {
    const double grown =
        state_.log_cusum[i] + log_ratio(count, alternatives_[i], limit_, dispersion_);
    // Capped, so that a long breach is forgotten as fast as a short one.
    state_.log_cusum[i] = std::clamp(grown, 0.0, 2 * log_threshold_);
    most = std::max(most, state_.log_cusum[i]);
  }
  if (most >= log_threshold_) state_.over = true;
  if (most <= 0) state_.over = false;
}

}  // namespace autopilot::stats
