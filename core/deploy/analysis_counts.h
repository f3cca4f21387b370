#pragma once
// The sequential judgement of one count metric: against the stable arm and against an objective. Of
// its alpha, half goes to the comparison, a quarter to a gross breach of the objective (which
// counts at once), a quarter to a lasting one.

#include <optional>
#include <string>

#include "core/deploy/analysis_method.h"
#include "core/stats/counts.h"

namespace autopilot::deploy {

struct CountSettings {
  double tolerance = 1.25;  // times the stable arm's rate
  double slo = 0;           // allowed share of bad events; 0: no objective
  double gross = 3;         // times the objective
  stats::Dispersion dispersion;
  std::int64_t least_requests = 50;  // of the canary, before anything is judged good
  Duration lasting = Duration::seconds(120);
  double alpha = 0.01;
};
CountSettings count_settings(const MethodInput& input);

class CountJudge {
 public:
  // `state`: null, or what state() gave.
  CountJudge(const CountSettings& settings, const Value* state);

  void add(const Tick& tick);
  Verdict verdict() const { return cause().verdict; }  // without the numbers that explain it
  JudgedMetric judged(const std::string& metric) const;
  Value state() const;
  std::optional<Instant> last() const { return last_; }

 private:
  struct Cause {
    Verdict verdict;
    std::string why;
  };
  Cause cause() const;
  std::string counts_text() const;
  bool stable_is_over() const { return stable_over_ && stable_over_->is_over(); }
  void add_objective(const stats::Count& canary, const stats::Count& stable, Instant at);

  CountSettings s_;
  stats::RateRatio ratio_;
  // Against the objective; absent without one.
  std::optional<stats::RateAbove> lasting_, gross_;
  std::optional<stats::OverLimit> over_, stable_over_;  // the canary now, the stable arm now
  stats::Count canary_, stable_;                        // sums
  std::optional<Instant> last_, breach_since_;
  std::string no_data_;  // of the newest tick
};

}  // namespace autopilot::deploy
