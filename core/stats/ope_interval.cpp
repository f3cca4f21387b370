#include "core/stats/ope_interval.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/stats/normal.h"
#include "core/stats/ope_blocks.h"
#include "core/stats/special.h"

namespace autopilot::stats {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kAsNormal = 1e5;  // degrees of freedom from which on Student is normal

// Share of the values below `at`, equal ones by half; kept off 0 and 1.
double share_below(const std::vector<double>& values, double at) {
  double below = 0, equal = 0;
  for (const double v : values) {
    below += v < at ? 1 : 0;
    equal += v == at ? 1 : 0;
  }
  const auto n = static_cast<double>(values.size());
  return std::clamp((below + equal / 2) / n, 1 / (n + 1), n / (n + 1));
}

// The k-th smallest and the next one. Those of a tail are looked for in the tail alone, when it
// holds enough. REQUIRES k + 1 < values.size().
std::pair<double, double> smallest(std::vector<double>& values, std::size_t k, double tail_begins) {
  auto begin = values.begin(), end = values.end();
  const auto border = std::partition(begin, end, [&](double v) { return v <= tail_begins; });
  const auto at = begin + static_cast<std::ptrdiff_t>(k);
  if (at + 1 < border)
    end = border;
  else if (at >= border)
    begin = border;
  std::nth_element(begin, at, end);
  return {*at, *std::min_element(at + 1, end)};
}

double student_z(double freedom, double share) {
  return freedom < kAsNormal ? student_quantile(freedom, share) : normal_quantile(share);
}

}  // namespace

double student_factor(const ErrorWorth& worth, double alpha) {
  return student_z(worth.freedom, 1 - alpha / 2);
}

double student_p(const ErrorWorth& worth, double errors) {
  const double z = -std::abs(errors);
  return 2 * (worth.freedom < kAsNormal ? student_cdf(worth.freedom, z) : normal_cdf(z));
}

Interval score_interval(double mean, double count, const Interval& ends, double alpha) {
  const double width = ends.high - ends.low, p = (mean - ends.low) / width;
  const double z = normal_quantile(1 - alpha / 2), pull = z * z / count;
  const double centre = (p + pull / 2) / (1 + pull);
  const double half = std::sqrt(pull * std::max(0.0, p * (1 - p)) + pull * pull / 4) / (1 + pull);
  return {ends.low + width * (centre - half), ends.low + width * (centre + half)};
}

Replicates::Replicates(std::vector<double> values, const ErrorWorth& worth)
    : values_(std::move(values)),
      freedom_(worth.freedom),
      widening_(worth.parts > 1 ? std::sqrt(worth.parts / (worth.parts - 1)) : 1) {
  std::erase_if(values_, [](double v) { return std::isnan(v); });
}

double Replicates::select(double share) {
  const double place = share * static_cast<double>(values_.size() - 1);
  if (values_.size() == 1) return values_[0];
  const std::size_t k = std::min(static_cast<std::size_t>(place), values_.size() - 2);
  const double mean =
      lane_sum(values_.data(), values_.size()) / static_cast<double>(values_.size());
  const double deviation =
      std::sqrt(std::max(0.0, lane_dot(values_.data(), values_.data(), values_.size()) /
                                      static_cast<double>(values_.size()) -
                                  mean * mean));
  // The border of the tail with twice the share, or half of what is above it.
  const double border = share < 0.5 ? 2 * share : 1 - 2 * (1 - share);
  const double tail = mean + deviation * normal_quantile(std::clamp(border, 1e-4, 1 - 1e-4));
  const auto [low, next] = smallest(values_, k, tail);
  return low + (place - static_cast<double>(k)) * (next - low);
}

Interval Replicates::percentiles(double alpha) {
  if (values_.empty()) return {kNan, kNan};
  const double low = select(alpha / 2);
  return {low, select(1 - alpha / 2)};
}

Interval Replicates::interval(double alpha) {
  return percentiles(2 * normal_cdf(-widening_ * student_z(freedom_, 1 - alpha / 2)));
}

double Replicates::p_of_zero() const {
  if (values_.empty()) return 1;
  const auto n = static_cast<double>(values_.size());
  const double below = share_below(values_, 0);
  if (below <= 1 / (n + 1) || below >= n / (n + 1)) return 2 / (n + 1);
  const double z = std::abs(normal_quantile(below)) / widening_;
  return std::clamp(student_p({freedom_}, z), 2 / (n + 1), 1.0);
}

}  // namespace autopilot::stats
