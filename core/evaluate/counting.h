#pragma once
// The one pass over a log that estimates, diagnosis and segments are made from.

#include <optional>

#include "core/evaluate/comparison.h"
#include "core/evaluate/segments.h"
#include "core/evaluate/tally.h"

namespace autopilot::evaluate {

class Counted {
 public:
  explicit Counted(const Comparison& comparison);
  Counted(const Counted&) = delete;

  const Tally& tally() const { return *tally_; }
  const std::vector<double>& totals() const { return totals_; }  // of the tally's sums
  const Diagnosis& diagnosis() const { return diagnosis_; }
  // The estimator for the target, and what it is held against.
  const stats::Estimand& target(std::size_t estimator) const;
  const stats::Estimand& baseline(std::size_t estimator) const;
  std::vector<stats::Estimand> estimands() const;  // by column of the plan
  std::size_t column_of(std::size_t estimator) const;
  std::size_t baseline_of(std::size_t estimator) const;
  // By the estimator; none without columns or a window to tell rows apart by.
  std::vector<Segment> segments(std::size_t estimator) const;

 private:
  void count();

  const Comparison& comparison_;
  TallyPlan plan_;
  std::optional<Tally> tally_;
  std::vector<double> totals_;
  Diagnosis diagnosis_;
  std::optional<Segmenting> segmenting_;
  std::optional<SegmentTallies> segments_;
};

// How many blocks rows are reduced to: as many as there are independent rows while they are few,
// then 512, up to 4,096 for large logs. Sums keep the variance and the skewness of rows; that fewer
// parts tell an error less surely widens intervals by their degrees of freedom, 0.2 % for 512.
std::size_t blocks_of(const Log& log);

}  // namespace autopilot::evaluate
