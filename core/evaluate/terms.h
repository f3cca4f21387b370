#pragma once
// The rows of a batch as off-policy evaluation sees them under one target: weights, predictions,
// residuals.

#include <vector>

#include "core/evaluate/log.h"
#include "core/evaluate/model.h"
#include "core/evaluate/target.h"
#include "core/stats/ope.h"

namespace autopilot::evaluate {

// What to compute for a target. Models may be null when no estimator reads them.
struct TermsSource {
  const Log* log = nullptr;
  const Target* target = nullptr;
  const RewardModel* model = nullptr;
  const RewardModel* mrdr = nullptr;
  bool with_replay = false;
  // Replay keeps a row with probability weight / most_weight: 1 where a deterministic target
  // agrees.
  double most_weight = 1;
  std::uint64_t seed = 1;
};

// The weight of each row: what the target makes of the logged action, over its propensity.
void weights_of(const Log& log, const Target& target, const events::Batch& batch, double* weight);

// One for each thread.
class RowTerms {
 public:
  explicit RowTerms(const TermsSource& source);

  // Valid until the next call.
  const stats::OpeRows& compute(const events::Batch& batch);

 private:
  struct Prediction {
    std::vector<double> value, residual;
    std::vector<std::vector<double>> value_of;  // by fold, then position: of tables
  };
  void prepare(const RewardModel* model, Prediction& to) const;
  void predict(const events::Batch& batch, const RewardModel* model, Prediction& to);
  void predict_from_tables(const events::Batch& batch, const RewardModel& model, Prediction& to);
  void predict_rows(const events::Batch& batch, const RewardModel& model, Prediction& to);
  void replay(const events::Batch& batch);

  TermsSource source_;
  std::vector<double> weight_, accepted_;
  Prediction model_, mrdr_;
  std::vector<double> probability_, reward_;  // by action
  FeatureBuffer buffer_;
  stats::OpeRows rows_;
};

}  // namespace autopilot::evaluate
