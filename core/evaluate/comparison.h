#pragma once
// What a backtest compares, before anything is estimated: the target and what it is held against,
// the models that predict rewards, the largest weights, and estimators with all their parameters.

#include <memory>
#include <vector>

#include "core/evaluate/backtest.h"
#include "core/evaluate/terms.h"

namespace autopilot::evaluate {

class Comparison {
 public:
  // `baseline`: null is the policy that logged. All must outlive it. Throws Error(invalid) when the
  // log or a target cannot give what the estimators need.
  Comparison(const Log& log, const Target& target, const Target* baseline,
             const BacktestSpec& spec);

  const Log& log() const { return log_; }
  const BacktestSpec& spec() const { return spec_; }
  const std::vector<const Target*>& targets() const { return targets_; }  // the first is asked for
  const Target* baseline() const { return is_against_logged() ? nullptr : targets_[1]; }
  bool is_against_logged() const { return targets_.size() == 1; }
  const std::vector<Tuned>& estimators() const { return estimators_; }
  const std::vector<double>& most_weight() const { return most_weight_; }  // by target
  const RewardModel* model() const { return model_.get(); }                // null: none is needed
  bool has(stats::Ope kind) const;
  bool shrinks(const stats::OpeEstimator& estimator) const;

  TermsSource source(std::size_t target) const;
  TermsSource without_replay(std::size_t target) const;

 private:
  bool needs_model() const;
  void check() const;
  void fit();
  void limit_weights();

  const Log& log_;
  const BacktestSpec& spec_;
  std::vector<const Target*> targets_;
  std::vector<Tuned> estimators_;
  std::vector<double> most_weight_;
  double mean_square_ = 0;  // of the target's weights
  std::unique_ptr<RewardModel> model_;
  std::vector<std::unique_ptr<RewardModel>> mrdr_;  // by target
};

}  // namespace autopilot::evaluate
