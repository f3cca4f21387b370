#include "core/stats/ope_tuning.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/stats/ope_blocks.h"
#include "core/stats/special.h"

namespace autopilot::stats {

void TuningSums::add(const OpeRows& rows, std::vector<double>& scratch) {
  scratch.resize(rows.count);
  mean_terms(estimator, rows, scratch.data());
  sum += lane_sum(scratch.data(), rows.count);
  squares += lane_dot(scratch.data(), scratch.data(), rows.count);
}

void TuningSums::add_lost(const OpeRows& rows, const double* residual_or_reward) {
  for (std::size_t i = 0; i < rows.count; ++i)
    lost += (rows.weight[i] - shrunk_weight(estimator, rows.weight[i])) * residual_or_reward[i];
}

void TuningSums::add(const TuningSums& other) {
  sum += other.sum;
  squares += other.squares;
  lost += other.lost;
}

std::vector<OpeEstimator> tuning_grid(Ope kind) {
  std::vector<OpeEstimator> out;
  for (const double limit : {10., 50., 100., 500., 1000., 5000., 10000.})
    out.push_back({kind, limit});
  out.push_back({kind, std::numeric_limits<double>::infinity()});
  return out;
}

double sub_gaussian_parameter(double mean_square, double rows, double delta) {
  if (!(mean_square > 0)) return 0;
  return std::min(1.0, std::sqrt(2 * std::log(1 / delta) / (3 * mean_square * rows)));
}

std::size_t choose_by_slope(std::span<const TuningSums> candidates, std::uint64_t rows,
                            double delta) {
  const auto n = static_cast<double>(rows);
  std::vector<double> value(candidates.size()), width(candidates.size());
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    value[i] = candidates[i].sum / n;
    const double variance = std::max(0.0, candidates[i].squares / n - value[i] * value[i]);
    // One row tells nothing of how far off it is.
    width[i] = rows > 1 ? std::sqrt(variance / (n - 1)) * student_quantile(n - 1, 1 - delta)
                        : std::numeric_limits<double>::infinity();
  }
  std::vector<std::size_t> order(candidates.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return width[a] > width[b]; });
  constexpr double kSlack = 1.4494897427831779;  // sqrt(6) - 1
  std::vector<std::size_t> accepted;
  for (const std::size_t i : order) {
    const bool fits = std::all_of(accepted.begin(), accepted.end(), [&](std::size_t j) {
      return std::abs(value[j] - value[i]) <= width[i] + kSlack * width[j];
    });
    if (!fits) break;
    accepted.push_back(i);
  }
  return accepted.back();
}

std::size_t choose_by_mse(std::span<const TuningSums> candidates, std::uint64_t rows,
                          const WeightRange& weights, double delta) {
  const auto n = static_cast<double>(rows);
  const double log_term = std::log(2 / delta);
  const double spread =
      std::sqrt(2 * weights.mean_square * log_term / n) + 2 * weights.most * log_term / (3 * n);
  std::size_t best = 0;
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    const double mean = candidates[i].sum / n;
    const double variance = candidates[i].squares / n - mean * mean;
    const double bias = std::abs(candidates[i].lost / n) + spread;
    const double error = variance / n + bias * bias;
    if (error <= least) least = error, best = i;  // of equals, the one that shrinks less
  }
  return best;
}

}  // namespace autopilot::stats
