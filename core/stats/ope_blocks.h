#pragma once
// Rows reduced to sums by block, and what can be said from those: estimates and their errors. Rows
// of one block need not be independent of each other, blocks must be.

#include <cstdint>
#include <span>
#include <vector>

namespace autopilot::stats {

// Sums of several quantities in each block. Column 0 counts rows.
class BlockSums {
 public:
  static constexpr std::size_t kBlocks = 4096;

  BlockSums(std::size_t blocks, std::size_t columns);

  std::size_t blocks() const { return blocks_; }
  std::size_t columns() const { return columns_; }
  double* column(std::size_t c) { return sums_.data() + c * blocks_; }
  const double* column(std::size_t c) const { return sums_.data() + c * blocks_; }
  double total(std::size_t c) const;
  std::vector<double> totals() const;
  void add(const BlockSums& other);  // REQUIRES the same shape

  // Adds the values of rows first, first + 1, … to their blocks (block_of_row).
  void add_rows(std::size_t column, std::uint64_t first, std::span<const double> values);
  // Adds each to the block that is named beside it.
  void add_to(std::size_t column, std::span<const std::uint32_t> block,
              std::span<const double> values);

 private:
  std::size_t blocks_, columns_;
  std::vector<double> sums_;  // by column, then block
};

// The block of a row of its own: one for each row while there are blocks, then runs of rows go to
// blocks from a random one on. By turns, a log that repeats itself would make blocks of the same
// rows, and errors that are far off.
std::size_t block_of_row(std::uint64_t row, std::size_t blocks);

// (mean + other_mean) / count + ratio / denominator; the places of its sums among the columns.
struct Estimand {
  static constexpr int kNone = -1;
  int mean = kNone;
  int other_mean = kNone;
  int ratio = kNone;
  int denominator = kNone;
};

// Sums in four lanes, so that additions need not wait for each other; always in the same order.
double lane_sum(const double* values, std::size_t count);
double lane_dot(const double* a, const double* b, std::size_t count);

// From sums by column. NaN when a denominator is 0.
double estimate(const Estimand& estimand, std::span<const double> totals);

// What the blocks add to an estimate: their influence, which sums up to 0 (Hampel 1974). `totals`:
// those of the sums.
std::vector<double> block_influence(const BlockSums& sums, const Estimand& estimand,
                                    std::span<const double> totals);
// Standard error of an estimate from its influence by block (rows, when blocks are rows).
double error_of_influence(std::span<const double> influence);

// What an estimate's influence says of how it is distributed.
struct InfluenceShape {
  double skewness = 0;  // of the estimate itself: 0 is as normal as can be
  double largest = 0;   // share of its variance that one block brings
  // What the error is worth, as degrees of freedom: a variance estimated from n values of kurtosis
  // k varies as one of 2n/(k-1) degrees (Box, Biometrika 40, 1953; Satterthwaite 1946).
  double freedom = 1;
};
InfluenceShape shape_of_influence(std::span<const double> influence);

// Second moments of the terms of rows: for the error of an estimate when rows are independent.
struct RowMoments {
  double mean_mean = 0, mean_ratio = 0, mean_denominator = 0;
  double ratio_ratio = 0, ratio_denominator = 0, denominator_denominator = 0;

  // Absent columns are null.
  void add(const double* mean, const double* ratio, const double* denominator, std::size_t count);
  void add(const RowMoments& other);
};
// Delta method: sum of squared influences / (n - 1) / n.
double delta_error(const Estimand& estimand, std::span<const double> totals,
                   const RowMoments& moments);

}  // namespace autopilot::stats
