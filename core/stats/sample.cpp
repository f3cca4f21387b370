#include "core/stats/sample.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace autopilot::stats {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

double square_sum(std::span<const double> values, double around) {
  double sum = 0;
  for (const double v : values) sum += (v - around) * (v - around);
  return sum;
}

// NaN after every number, so that sorting is a strict weak order.
bool before(double a, double b) { return std::isnan(b) ? !std::isnan(a) : a < b; }

bool same(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

std::vector<bool> outside(const std::vector<double>& values, double low, double high) {
  std::vector<bool> out(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) out[i] = values[i] < low || values[i] > high;
  return out;
}

}  // namespace

double mean(std::span<const double> values) {
  if (values.empty()) return kNan;
  const double n = static_cast<double>(values.size());
  const double first = std::accumulate(values.begin(), values.end(), 0.0) / n;
  // A second pass takes back what the first one rounded away.
  double rest = 0;
  for (const double v : values) rest += v - first;
  return first + rest / n;
}

double variance(std::span<const double> values) {
  if (values.empty()) return kNan;
  if (values.size() == 1) return 0;
  return square_sum(values, mean(values)) / static_cast<double>(values.size() - 1);
}

double population_variance(std::span<const double> values) {
  if (values.empty()) return kNan;
  return square_sum(values, mean(values)) / static_cast<double>(values.size());
}

double percentile(std::vector<double> values, double p) {
  if (values.empty()) return kNan;
  std::sort(values.begin(), values.end(), before);
  const double at = static_cast<double>(values.size() - 1) * p / 100;
  const auto low = static_cast<std::size_t>(std::floor(at));
  if (low + 1 >= values.size()) return values.back();
  return values[low] + (at - std::floor(at)) * (values[low + 1] - values[low]);
}

std::vector<double> ranks(std::span<const double> values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return before(values[a], values[b]); });
  std::vector<double> out(values.size());
  for (std::size_t i = 0; i < order.size();) {
    std::size_t end = i + 1;
    while (end < order.size() && same(values[order[end]], values[order[i]])) ++end;
    const double shared = static_cast<double>(i + 1 + end) / 2;
    for (; i < end; ++i) out[order[i]] = shared;
  }
  return out;
}

double tie_correction(std::span<const double> ranks) {
  std::vector<double> sorted(ranks.begin(), ranks.end());
  std::sort(sorted.begin(), sorted.end());
  double sum = 0;
  for (std::size_t i = 0; i < sorted.size();) {
    std::size_t end = i;
    while (end < sorted.size() && sorted[end] == sorted[i]) ++end;
    const double t = static_cast<double>(end - i);
    sum += t * t * t - t;
    i = end;
  }
  return sum;
}

std::vector<bool> outside_fences(const std::vector<double>& values, double factor, bool lenient) {
  const double p25 = percentile(values, 25);
  const double p75 = percentile(values, 75);
  double low = p25 - factor * (p75 - p25);
  double high = p75 + factor * (p75 - p25);
  if (lenient) {
    low = std::min(percentile(values, 1), low);
    high = std::max(percentile(values, 99), high);
  }
  return outside(values, low, high);
}

std::vector<bool> outside_sigmas(const std::vector<double>& values, double factor) {
  const double centre = mean(values);
  const double reach = factor * std::sqrt(population_variance(values));
  std::vector<bool> out(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) out[i] = std::abs(values[i] - centre) > reach;
  return out;
}

}  // namespace autopilot::stats
