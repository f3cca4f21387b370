#pragma once
// What a target policy would have earned, by several estimators, with intervals, against a
// baseline on the same rows, overall and by segment.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/time.h"
#include "core/evaluate/diagnose.h"
#include "core/evaluate/estimators.h"
#include "core/evaluate/log.h"
#include "core/evaluate/model.h"
#include "core/evaluate/target.h"
#include "core/evaluate/tuning.h"
#include "core/stats/ope_bounds.h"

namespace autopilot::evaluate {

struct BacktestSpec {
  // A NaN parameter is chosen by `tuning`.
  std::vector<stats::OpeEstimator> estimators;
  Tuning tuning = Tuning::slope;
  ModelSpec model;
  double alpha = 0.05;
  std::size_t replicates = 10'000;
  std::size_t refits = 0;  // resamples in which dm's model is fitted anew; 0: dm has no interval
  std::uint64_t seed = 1;
  std::optional<double> most_weight;  // what weights cannot exceed, for intervals that need it
  std::vector<std::string> segments;  // context columns
  std::optional<Duration> window;
};

// Ends of an interval, or why there is none, or why nobody should rely on it.
struct Stated {
  std::optional<stats::Interval> interval;
  std::string why_not;

  bool is_sound() const { return interval && why_not.empty(); }
};

// A difference over the size of what it is a difference to, so that more is always above 0.
double relative_to(double baseline, double difference);

struct Uplift {
  double baseline = 0;
  double difference = 0, difference_error = 0;
  stats::Interval difference_interval;  // bootstrap; delta where there is none
  double relative = 0;
  std::optional<stats::Interval> relative_interval;
  double p = 1;                    // two-sided, that there is no difference
  std::optional<double> evidence;  // e-value against "it is no better", whenever one looks
};

struct Estimated {
  stats::OpeEstimator estimator;
  bool is_tuned = false;
  bool is_shrunk = false;  // some weight is: the estimate is biased by what that loses
  double value = 0, error = 0;
  double skewness = 0;           // of the estimate itself; 0: as normal as can be
  double largest_influence = 0;  // of one block of rows: its share of the variance
  Stated delta, bootstrap, bernstein, anytime;
  std::size_t refits = 0;                      // that its interval is made from; of dm
  std::optional<stats::Interval> percentiles;  // of the resamples, as they are
  std::optional<Uplift> uplift;

  // Too much for normal and bootstrap intervals.
  static constexpr double kMostSkewness = 0.3;
  bool is_skewed() const;
};

struct Segment {
  std::string name;
  double rows = 0, effective = 0, largest_share = 0;
  double value = 0, error = 0;
  stats::Interval interval;
  double baseline = 0, difference = 0, difference_error = 0;
  double p = 1, holm = 1, benjamini_hochberg = 1;
  bool is_refused = false;
};

struct Backtest {
  std::string target, baseline, model;
  std::vector<Estimated> estimates;
  stats::OpeEstimator segment_estimator;
  std::vector<Segment> segments;
  Diagnosis diagnosis;
  std::vector<Finding> findings;
  Trust trust = Trust::yes;
  double logged = 0;             // mean reward
  std::optional<Played> played;  // of an algorithm
};

// `baseline`: null is the policy that logged. REQUIRES the log to stay where it is.
Backtest run_backtest(const Log& log, const Target& target, const Target* baseline,
                      const BacktestSpec& spec);

}  // namespace autopilot::evaluate
