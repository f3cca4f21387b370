#pragma once
// What is known of estimates at every moment of the log, not only at its end.

#include <cmath>
#include <optional>
#include <vector>

#include "core/stats/ope.h"
#include "core/stats/ope_bounds.h"

namespace autopilot::evaluate {

class Sequences {
 public:
  // Weights are at most `most_weight`, rewards between the two. `against_logged`: evidence that
  // each is better than what was logged is kept, too.
  Sequences(const std::vector<stats::OpeEstimator>& estimators, double least_reward,
            double most_reward, double most_weight, double alpha, bool against_logged);

  void add(const stats::OpeRows& rows);  // in the order of the log

  stats::Interval range(std::size_t estimator) const { return followed_[place_[estimator]].range; }
  // None of what is no mean.
  std::optional<stats::Interval> interval(std::size_t estimator) const;
  std::optional<double> evidence(std::size_t estimator) const;  // an e-value

 private:
  struct Followed {
    stats::OpeEstimator estimator;
    stats::Interval range;  // of its terms
    stats::MeanSequence mean;
    stats::MeanAboveZero gain;
  };

  bool against_logged_;
  double most_reward_;
  std::vector<Followed> followed_;  // each that is a mean, once
  std::vector<std::size_t> place_;  // by estimator: among those
  std::vector<double> terms_, scaled_;
};

}  // namespace autopilot::evaluate
