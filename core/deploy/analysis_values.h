#pragma once
// The sequential judgement of one value metric: its mean against a bound, or against a share of the
// stable arm's, by betting (core/stats/bounded_mean.h). The values' range must be known.

#include <optional>
#include <string>

#include "core/deploy/analysis_method.h"
#include "core/stats/bounded_mean.h"

namespace autopilot::deploy {

// Options of the analysis: bounds [LOW, HIGH], and one of at_least, at_most, at_least_of_stable,
// at_most_of_stable; min_samples.
struct ValueSettings {
  double low = 0, high = 1;  // of what is judged: of the difference when relative
  double limit = 0.5;        // likewise
  bool at_least = true;      // else at most
  double of_stable = 0;      // judge canary - of_stable * stable; 0: the canary alone
  std::int64_t least_samples = 20;
  double alpha = 0.01;
};
ValueSettings value_settings(const MethodInput& input);  // throws Error(invalid)

class ValueJudge {
 public:
  ValueJudge(const ValueSettings& settings, const Value* state);

  void add(const Tick& tick);
  JudgedMetric judged(const std::string& metric) const;
  Value state() const;
  std::optional<Instant> last() const { return last_; }

 private:
  double scaled(double value) const { return (value - s_.low) / (s_.high - s_.low); }
  double unscaled(double value) const { return s_.low + value * (s_.high - s_.low); }

  ValueSettings s_;
  stats::MeanAgainst against_;
  stats::BoundedMean mean_;
  std::optional<Instant> last_;
  std::string no_data_;
};

}  // namespace autopilot::deploy
