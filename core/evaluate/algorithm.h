#pragma once
// Algorithms that learn, as policies to be evaluated: played along a log, which they learn from as
// far as it shows what they would have done (Li, Chu, Langford and Wang, Unbiased Offline
// Evaluation of Contextual-bandit-based News Article Recommendation Algorithms, WSDM 2011).

#include <optional>
#include <string>
#include <vector>

#include "core/evaluate/log.h"
#include "core/evaluate/played.h"
#include "core/evaluate/target.h"
#include "core/stats/bandit.h"

namespace autopilot::evaluate {

// "thompson", "kl_ucb,discount=0.999", "linucb,alpha=0.5".
struct AlgorithmSpec {
  std::string text;
  std::optional<stats::Bandit> method;  // none: LinUCB over the context
  stats::BanditSettings settings;
  double discount = 1;
  std::int64_t window = 0;  // rewards that are remembered; 0: all
  // It looks at the rewards again after so much more of what it has learned from, at most `batch`
  // rewards later. Probabilities stand still between looks.
  double growth = 0;
  std::int64_t batch = 1;
  double width = 1, ridge = 1;  // of LinUCB: widths added to the mean; lambda
};
AlgorithmSpec parse_algorithm(const std::string& text);  // throws Error(usage)

// Its probabilities, given what it had learned by then, and the rows that it would have seen
// itself.
class AlgorithmTarget final : public Target {
 public:
  // Plays it: fills the columns `played` and `kept` of the log's rows. A row is kept with the
  // probability that the algorithm gives its action, times the least propensity of the log over its
  // own: where all actions were alike, whenever the algorithm chooses what was logged.
  AlgorithmTarget(Log& log, const AlgorithmSpec& spec, std::uint64_t seed);

  std::string name() const override { return name_; }
  double logged(const events::Batch& batch, std::size_t row) const override {
    return batch.columns[played_column_].numbers[row];
  }
  // Unless it changed its mind too often to keep all that it thought.
  bool knows_all() const override { return knows_all_; }
  void all(const events::Batch& batch, std::size_t row, double* probability) const override;
  const double* kept(const events::Batch& batch) const override {
    return batch.columns[kept_column_].numbers.data();
  }
  const Played* played() const override { return &played_; }

 private:
  class Distributions;

  std::string name_;
  std::size_t played_column_, kept_column_, look_column_;
  Played played_;
  std::size_t actions_;
  // Distributions over the actions, one behind the other: first those that are certain of one
  // action, then what it had at each look.
  std::vector<double> distributions_;
  bool knows_all_ = true;
};

}  // namespace autopilot::evaluate
