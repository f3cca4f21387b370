#pragma once
// Parameters of estimators that were left open, chosen from the log.

#include <vector>

#include "core/evaluate/terms.h"
#include "core/stats/ope_tuning.h"

namespace autopilot::evaluate {

enum class Tuning { slope, mse };

struct TuningTask {
  std::vector<stats::OpeEstimator> estimators;  // a NaN parameter is to be chosen
  Tuning by = Tuning::slope;
  TermsSource terms;
  stats::WeightRange weights;
  double alpha = 0.05;
};

struct Tuned {
  stats::OpeEstimator estimator;
  bool is_tuned = false;
};
std::vector<Tuned> tune(const TuningTask& task);

// Whether the estimator leaves a weight other than it is.
bool shrinks(const stats::OpeEstimator& estimator, double most_weight);

}  // namespace autopilot::evaluate
