#include "core/stats/ope_blocks.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/base/mix.h"

namespace autopilot::stats {
namespace {

constexpr std::size_t kLanes = 4;
constexpr std::size_t kRun = 16;  // rows that go to blocks next to each other

double added_up(const std::array<double, kLanes>& lanes) {
  return (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]);
}

// The sum of the means' columns.
double mean_total(const Estimand& estimand, std::span<const double> totals) {
  double out = 0;
  for (const int c : {estimand.mean, estimand.other_mean}) {
    if (c != Estimand::kNone) out += totals[static_cast<std::size_t>(c)];
  }
  return out;
}

}  // namespace

BlockSums::BlockSums(std::size_t blocks, std::size_t columns)
    : blocks_(blocks), columns_(columns), sums_(blocks * columns) {}

double BlockSums::total(std::size_t c) const {
  return std::accumulate(column(c), column(c) + blocks_, 0.0);
}

std::vector<double> BlockSums::totals() const {
  std::vector<double> out(columns_);
  for (std::size_t c = 0; c < columns_; ++c) out[c] = total(c);
  return out;
}

void BlockSums::add(const BlockSums& other) {
  for (std::size_t i = 0; i < sums_.size(); ++i) sums_[i] += other.sums_[i];
}

std::size_t block_of_row(std::uint64_t row, std::size_t blocks) {
  if (row < blocks) return row;
  const std::uint64_t from = (mixed((row / kRun + 1) * kMixStep) >> 32) * blocks >> 32;
  return (from + row % kRun) % blocks;
}

void BlockSums::add_rows(std::size_t column_index, std::uint64_t first,
                         std::span<const double> values) {
  double* const to = column(column_index);
  for (std::size_t i = 0; i < values.size();) {
    const std::uint64_t row = first + i;
    const std::size_t block = block_of_row(row, blocks_);
    // To the end of the run, of the blocks, and of the rows that have one each.
    std::size_t run = std::min<std::size_t>(values.size() - i, blocks_ - block);
    run = row < blocks_ ? run : std::min<std::size_t>(run, kRun - row % kRun);
    for (std::size_t k = 0; k < run; ++k) to[block + k] += values[i + k];
    i += run;
  }
}

void BlockSums::add_to(std::size_t column_index, std::span<const std::uint32_t> block,
                       std::span<const double> values) {
  double* const to = column(column_index);
  for (std::size_t i = 0; i < values.size(); ++i) to[block[i]] += values[i];
}

double lane_sum(const double* values, std::size_t count) {
  std::array<double, kLanes> lanes{};
  std::size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (std::size_t k = 0; k < kLanes; ++k) lanes[k] += values[i + k];
  }
  for (; i < count; ++i) lanes[0] += values[i];
  return added_up(lanes);
}

double lane_dot(const double* a, const double* b, std::size_t count) {
  std::array<double, kLanes> lanes{};
  std::size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (std::size_t k = 0; k < kLanes; ++k) lanes[k] += a[i + k] * b[i + k];
  }
  for (; i < count; ++i) lanes[0] += a[i] * b[i];
  return added_up(lanes);
}

double estimate(const Estimand& estimand, std::span<const double> totals) {
  double out = mean_total(estimand, totals) / totals[0];
  if (estimand.ratio == Estimand::kNone) return out;
  const double denominator = totals[static_cast<std::size_t>(estimand.denominator)];
  if (denominator == 0) return std::numeric_limits<double>::quiet_NaN();
  return out + totals[static_cast<std::size_t>(estimand.ratio)] / denominator;
}

std::vector<double> block_influence(const BlockSums& sums, const Estimand& estimand,
                                    std::span<const double> totals) {
  std::vector<double> out(sums.blocks());
  const double* const count = sums.column(0);
  for (const int column : {estimand.mean, estimand.other_mean}) {
    if (column == Estimand::kNone) continue;
    const auto c = static_cast<std::size_t>(column);
    const double mean = totals[c] / totals[0];
    for (std::size_t b = 0; b < out.size(); ++b)
      out[b] += (sums.column(c)[b] - mean * count[b]) / totals[0];
  }
  if (estimand.ratio != Estimand::kNone) {
    const auto c = static_cast<std::size_t>(estimand.ratio);
    const auto d = static_cast<std::size_t>(estimand.denominator);
    const double ratio = totals[c] / totals[d];
    for (std::size_t b = 0; b < out.size(); ++b)
      out[b] += (sums.column(c)[b] - ratio * sums.column(d)[b]) / totals[d];
  }
  return out;
}

double error_of_influence(std::span<const double> influence) {
  const auto n = static_cast<double>(influence.size());
  if (influence.size() < 2) return std::numeric_limits<double>::quiet_NaN();
  double squares = 0;
  for (const double x : influence) squares += x * x;
  return std::sqrt(squares * n / (n - 1));
}

InfluenceShape shape_of_influence(std::span<const double> influence) {
  double squares = 0, cubes = 0, fourths = 0, most = 0;
  for (const double x : influence) {
    const double square = x * x;
    squares += square;
    cubes += square * x;
    fourths += square * square;
    most = std::max(most, square);
  }
  InfluenceShape out;
  if (!(squares > 0)) return out;
  out.skewness = cubes / (squares * std::sqrt(squares));
  out.largest = most / squares;
  const auto n = static_cast<double>(influence.size());
  const double excess = fourths / (squares * squares) - 1 / n;
  out.freedom = std::max(1.0, excess > 2 / n * 1e-3 ? 2 / excess : 1e3 * n);
  return out;
}

void RowMoments::add(const double* mean, const double* ratio, const double* denominator,
                     std::size_t count) {
  if (mean != nullptr) mean_mean += lane_dot(mean, mean, count);
  if (ratio == nullptr) return;
  ratio_ratio += lane_dot(ratio, ratio, count);
  ratio_denominator += lane_dot(ratio, denominator, count);
  denominator_denominator += lane_dot(denominator, denominator, count);
  if (mean == nullptr) return;
  mean_ratio += lane_dot(mean, ratio, count);
  mean_denominator += lane_dot(mean, denominator, count);
}

void RowMoments::add(const RowMoments& other) {
  mean_mean += other.mean_mean;
  mean_ratio += other.mean_ratio;
  mean_denominator += other.mean_denominator;
  ratio_ratio += other.ratio_ratio;
  ratio_denominator += other.ratio_denominator;
  denominator_denominator += other.denominator_denominator;
}

// The influence of a row is (u - m) + (y - t z) / Z, with m the mean of u, t the ratio, Z the mean
// of z; its square is multiplied out.
double delta_error(const Estimand& estimand, std::span<const double> totals,
                   const RowMoments& moments) {
  const double n = totals[0];
  const double mean = mean_total(estimand, totals) / n;
  double squares = moments.mean_mean - n * mean * mean;
  if (estimand.ratio != Estimand::kNone) {
    const double sum_y = totals[static_cast<std::size_t>(estimand.ratio)];
    const double sum_z = totals[static_cast<std::size_t>(estimand.denominator)];
    const double t = sum_y / sum_z, scale = n / sum_z;
    squares += scale * scale *
               (moments.ratio_ratio - 2 * t * moments.ratio_denominator +
                t * t * moments.denominator_denominator);
    // (u - m)(y - t z): the sum of y - t z is 0.
    squares += 2 * scale * (moments.mean_ratio - t * moments.mean_denominator);
  }
  return std::sqrt(std::max(0.0, squares) / (n - 1) / n);
}

}  // namespace autopilot::stats
