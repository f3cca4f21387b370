#pragma once
// What one group of rows (all of them, or a segment) sums up to under all targets and estimators.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/evaluate/terms.h"
#include "core/stats/ope.h"
#include "core/stats/ope_blocks.h"

namespace autopilot::evaluate {

// An estimator for one target, and where its sums are.
struct Column {
  std::size_t target = 0;
  stats::OpeEstimator estimator;
  stats::Estimand estimand;
};

// What a sum is of. Estimators share those that are the same for several.
struct SumOf {
  enum class Kind { weight, accepted, weighted_reward, value, weighted_residual, mean, ratio };
  Kind kind = Kind::weight;
  std::size_t target = 0;
  stats::OpeEstimator estimator;  // of mean and ratio

  bool operator==(const SumOf& other) const;
};

// Which sums are kept: the same for all groups.
struct TallyPlan {
  std::vector<Column> columns;
  std::vector<SumOf> sums;  // of BlockSums' columns from 1 on; column 0 counts rows
  std::size_t targets = 1;

  // `most_weight`: the largest of each target. An estimator that shrinks none of them is the one it
  // would shrink.
  TallyPlan(std::vector<Column> wanted, std::vector<double> most_weight);

 private:
  int sum_of(const SumOf& what);
  void place(Column& column, double most_weight);
};

// Of importance weights.
struct WeightSums {
  double rows = 0, sum = 0, squares = 0, most = 0;
  double rewarded = 0, rewarded_squares = 0;  // of |w r|: gains do not cancel losses
  double least_propensity = 1;

  void add(const double* weight, const double* reward, std::size_t count);
  void add(const WeightSums& other);
  double effective() const;          // Kish's effective sample size
  double effective_rewards() const;  // the same of the weights times rewards
  double mean() const { return rows > 0 ? sum / rows : 0; }
  double mean_error() const;
  double largest_share() const { return sum > 0 ? most / sum : 0; }
};

class Tally {
 public:
  Tally(const TallyPlan& plan, std::size_t blocks);

  // Rows of a batch as each target sees them. `block`: that of each row; empty: those of
  // rows from `first` on.
  struct Rows {
    std::vector<const stats::OpeRows*> by_target;
    std::uint64_t first = 0;
    std::span<const std::uint32_t> block;
  };
  void add(const Rows& rows);
  void add(const Tally& other);

  const stats::BlockSums& sums() const { return sums_; }
  const std::vector<stats::RowMoments>& moments() const { return moments_; }  // by plan column
  const std::vector<WeightSums>& weights() const { return weights_; }         // by target
  double rows() const { return sums_.total(0); }
  bool is_by_rows() const { return by_rows_; }

 private:
  void compute(const SumOf& what, const stats::OpeRows& rows, std::vector<double>& out) const;
  void add_moments(std::size_t column, std::size_t count);

  const TallyPlan* plan_;
  stats::BlockSums sums_;
  std::vector<stats::RowMoments> moments_;
  std::vector<WeightSums> weights_;
  bool by_rows_ = true;
  std::vector<std::vector<double>> terms_;  // of the rows at hand, by sum
  std::vector<double> mean_;
};

}  // namespace autopilot::evaluate
