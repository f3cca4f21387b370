#pragma once
// Whether a log can tell what is asked of it: how many rows the weights leave, how heavy their tail
// is, what the target does that was never logged, and whether the propensities are what they say.

#include <array>
#include <string>
#include <vector>

#include "core/evaluate/log.h"
#include "core/evaluate/tally.h"

namespace autopilot::evaluate {

struct Diagnosis {
  double rows = 0;
  double effective = 0, effective_rewards = 0;  // sample sizes that the weights leave
  double mean_weight = 0, mean_weight_error = 0;
  double most_weight = 0, largest_share = 0;  // of one row, of all weight
  double top_share = 0;                       // of the 1 % largest weights
  double tail_index = 0;                      // Hill's, of those; 0: cannot be told
  double least_propensity = 0;
  double inverse_propensity = 0;  // mean of 1/p over the number of actions: 1 when all are right
  double unseen = 0;              // the target's probability of what was never logged
  double baseline_unseen = 0;     // and the baseline's
  double unused = 0;              // share of rows that the target would never have chosen
  std::vector<std::string> unseen_actions, baseline_unseen_actions;
  double uneven_rows = 0;  // share of those where probabilities of a policy do not sum up to 1
  // Propensities: of each action, the mean of 1/p over the rows where it was logged should be 1.
  struct Calibration {
    std::string action, position;
    double mean = 1, z = 0;
  };
  Calibration worst;
  double calibration_p = 1;  // of the worst, among so many (Bonferroni)
  double tested = 0;

  // Whether the weights' variance may be infinite: few effective rows, and a tail index that is not
  // above 2 by two of its errors (itself over the root of the number of weights).
  bool has_heavy_tail() const;
  // From 1, less what falls on actions that the log never shows.
  double mean_weight_z() const;
};

// Sums for a diagnosis of one part of the log.
class DiagnosisSums {
 public:
  DiagnosisSums(const Log& log, const Target& target);

  void add(const events::Batch& batch, const stats::OpeRows& rows);
  void add(const DiagnosisSums& other);
  // `baseline`: null is what was logged.
  Diagnosis finish(const WeightSums& weights, const Target* baseline);

 private:
  void keep_largest();
  void tail(Diagnosis& out, const WeightSums& weights);
  void calibrate(Diagnosis& out) const;
  void support(Diagnosis& out) const;
  std::vector<double> never_logged(const Target& target) const;
  double unseen_of(const Target& target, std::vector<std::string>& actions) const;

  const Log* log_;
  const Target* target_;
  std::size_t most_kept_;
  std::vector<double> largest_;  // weights: at least the 1 % largest
  double least_kept_ = -1;       // what is smaller is not among them
  struct Cell {
    double count = 0, inverse = 0, inverse_squares = 0;  // rows; sums of one over propensities
  };
  std::vector<Cell> cells_;
  double least_propensity_ = 1, unused_ = 0;
};

enum class Trust { yes, doubt, no };
std::string_view to_string(Trust trust);

// Something that speaks for or against a result.
struct Finding {
  Trust trust = Trust::doubt;
  std::string name;  // stable: "effective-sample-size"
  std::string text;
};

// What the diagnosis, and the log itself, say against trusting estimates that use weights.
std::vector<Finding> find_doubts(const Log& log, const Target& target, const Diagnosis& diagnosis);
Trust verdict_of(const std::vector<Finding>& findings);

}  // namespace autopilot::evaluate
