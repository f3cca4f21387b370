#include "core/stats/ope_blocks.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/base/mix.h"

namespace autopilot::stats {
namespace {

constexpr std::size_t kTile = 16;  // columns that are resampled together: floats of a cache line

class BlockDraws {
 public:
  explicit BlockDraws(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() { return mixed(state_ += kMixStep); }

 private:
  std::uint64_t state_;
};

std::uint64_t seed_of(std::uint64_t seed, std::size_t replicate) {
  return mixed(seed ^ (kMixStep * (replicate + 1)));
}

// The columns less their means, as float: their sums are differences from the totals, so that float
// is exact enough (1e-7 of a standard error).
class Deviations {
 public:
  explicit Deviations(const BlockSums& sums)
      : blocks_(sums.blocks()), tiles_((sums.columns() + kTile - 1) / kTile) {
    values_.resize(tiles_ * blocks_ * kTile);
    means_.resize(sums.columns());
    for (std::size_t c = 0; c < sums.columns(); ++c) {
      means_[c] = sums.total(c) / static_cast<double>(blocks_);
      float* const to = values_.data() + (c / kTile) * blocks_ * kTile + c % kTile;
      for (std::size_t b = 0; b < blocks_; ++b)
        to[b * kTile] = static_cast<float>(sums.column(c)[b] - means_[c]);
    }
  }

  // Sums over the blocks drawn.
  void add_up(std::span<const std::uint32_t> drawn, std::vector<double>& totals) const {
    totals.resize(means_.size());
    for (std::size_t tile = 0; tile < tiles_; ++tile) {
      const std::array<float, kTile> sums =
          tile_sums(values_.data() + tile * blocks_ * kTile, drawn);
      for (std::size_t i = 0; i < kTile && tile * kTile + i < totals.size(); ++i) {
        const std::size_t c = tile * kTile + i;
        totals[c] = means_[c] * static_cast<double>(drawn.size()) + static_cast<double>(sums[i]);
      }
    }
  }

 private:
  // Two accumulators, so that additions need not wait for each other.
  static std::array<float, kTile> tile_sums(const float* table,
                                            std::span<const std::uint32_t> drawn) {
    std::array<float, kTile> even{}, odd{};
    std::size_t i = 0;
    for (; i + 1 < drawn.size(); i += 2) {
      const float* const first = table + drawn[i] * kTile;
      const float* const second = table + drawn[i + 1] * kTile;
      for (std::size_t c = 0; c < kTile; ++c) even[c] += first[c];
      for (std::size_t c = 0; c < kTile; ++c) odd[c] += second[c];
    }
    for (; i < drawn.size(); ++i) {
      for (std::size_t c = 0; c < kTile; ++c) even[c] += table[drawn[i] * kTile + c];
    }
    for (std::size_t c = 0; c < kTile; ++c) even[c] += odd[c];
    return even;
  }

  std::size_t blocks_, tiles_;
  std::vector<float> values_;  // by tile, block, column within the tile
  std::vector<double> means_;
};

// As many blocks as there are, each with the same chance. Powers of two take their bits as they
// come; for others the bias is below 2^-19.
void draw_blocks(std::uint64_t seed, std::vector<std::uint32_t>& drawn) {
  BlockDraws draws(seed);
  const std::uint64_t blocks = drawn.size();
  std::size_t i = 0;
  if (std::has_single_bit(blocks) && blocks > 1) {
    const auto bits = static_cast<unsigned>(std::countr_zero(blocks));
    for (; i < drawn.size();) {
      std::uint64_t word = draws.next();
      for (unsigned left = 64; left >= bits && i < drawn.size(); left -= bits, word >>= bits)
        drawn[i++] = static_cast<std::uint32_t>(word & (blocks - 1));
    }
    return;
  }
  for (; i < drawn.size(); ++i)
    drawn[i] = static_cast<std::uint32_t>((draws.next() >> 32) * blocks >> 32);
}

constexpr std::size_t kLanes = 4;

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

void BlockSums::add_by_turns(std::size_t column_index, std::uint64_t first,
                             std::span<const double> values) {
  double* const to = column(column_index);
  std::size_t block = first % blocks_;
  for (std::size_t i = 0; i < values.size();) {
    const std::size_t run = std::min(values.size() - i, blocks_ - block);
    for (std::size_t k = 0; k < run; ++k) to[block + k] += values[i + k];
    i += run;
    block = 0;
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

std::vector<double> block_influence(const BlockSums& sums, const Estimand& estimand) {
  const std::vector<double> totals = sums.totals();
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

std::pair<double, double> skewness_of_influence(std::span<const double> influence) {
  double squares = 0, cubes = 0, most = 0;
  for (const double x : influence) {
    squares += x * x;
    cubes += x * x * x;
    most = std::max(most, x * x);
  }
  if (!(squares > 0)) return {0, 0};
  return {cubes / (squares * std::sqrt(squares)), most / squares};
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

void resample(const BlockSums& sums, std::span<const Estimand> estimands, const Resampling& which,
              std::vector<std::vector<double>>& out) {
  const Deviations deviations(sums);
  std::vector<std::uint32_t> drawn(sums.blocks());
  std::vector<double> totals;
  for (std::size_t i = which.begin; i < which.end; ++i) {
    draw_blocks(seed_of(which.seed, i), drawn);
    deviations.add_up(drawn, totals);
    for (std::size_t e = 0; e < estimands.size(); ++e) out[e][i] = estimate(estimands[e], totals);
  }
}

}  // namespace autopilot::stats
