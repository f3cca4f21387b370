#include "core/stats/mann_whitney.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/base/error.h"
#include "core/stats/brent.h"
#include "core/stats/normal.h"
#include "core/stats/sample.h"

namespace autopilot::stats {
namespace {

constexpr double kSolverTolerance = 1e-4;  // Kayenta's, and R's default

double sign(double x) { return x > 0 ? 1 : x < 0 ? -1 : 0; }

}  // namespace

double rank_sum_difference(double mu, double quantile, std::span<const double> x,
                           std::span<const double> y) {
  std::vector<double> all;
  all.reserve(x.size() + y.size());
  for (const double v : x) all.push_back(v - mu);
  all.insert(all.end(), y.begin(), y.end());
  const std::vector<double> rank = ranks(all);
  const double m = static_cast<double>(x.size());
  const double n = static_cast<double>(y.size());
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) sum += rank[i];
  const double dz = sum - m * (m + 1) / 2 - m * n / 2;
  const double sigma =
      std::sqrt((m * n / 12) * ((m + n + 1) - tie_correction(rank) / ((m + n) * (m + n - 1))));
  if (!(sigma > 0)) {
    throw Error(ErrorKind::invalid, "no interval can be told: all observations are the same");
  }
  return (dz - sign(dz) * 0.5) / sigma - quantile;
}

ShiftInterval solved_shift(std::span<const double> x, std::span<const double> y,
                           double confidence) {
  const double low = *std::min_element(x.begin(), x.end()) - *std::max_element(y.begin(), y.end());
  const double high = *std::max_element(x.begin(), x.end()) - *std::min_element(y.begin(), y.end());
  const auto solve = [&](double quantile, bool guard_ends) {
    const auto f = [&](double mu) { return rank_sum_difference(mu, quantile, x, y); };
    const Bracket ends{low, high, f(low), f(high)};
    if (guard_ends && ends.at_low <= 0) return low;
    if (guard_ends && ends.at_high >= 0) return high;
    return brent_root(f, ends, kSolverTolerance);
  };
  const double z = normal_quantile((1 - confidence) / 2);
  return {solve(-z, true), solve(z, true), solve(0, false)};
}

}  // namespace autopilot::stats
