#pragma once
// Judging a canary by its samples. Pure: what was seen so far is a state that the caller keeps (and
// stores with the rollout), what is new comes as samples, and the verdict explains itself. Samples
// may come one by one or many at once: the state after them is the same.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/time.h"
#include "core/base/value.h"
#include "core/deploy/metrics.h"

namespace autopilot::deploy {

// The order is that of weight: the heaviest of several metrics counts.
enum class Verdict {
  pass,          // nothing speaks against it, and there was enough to see
  inconclusive,  // the method itself cannot tell (Kayenta's marginal score)
  hold,          // not enough data, or the stable arm is unwell too: wait, never promote
  fail,
};
std::string_view to_string(Verdict verdict);

// What an analysis must know of a metric beside its samples.
struct Judgeable {
  std::string name;
  bool is_count = true;       // bad of total; else a value
  bool lower_is_bad = false;  // of values
  bool either_is_bad = false;
  bool critical = false;  // kayenta
};

struct JudgedMetric {
  std::string metric;
  Verdict verdict = Verdict::hold;
  std::string why;  // "canary 12 of 480 (2.5%), stable 40 of 9100 (0.44%): …"
  Map numbers;      // counts, ratio, interval, e-value: what the method has
};

struct Judged {
  Verdict verdict = Verdict::hold;
  std::string why;  // of the metric that decided it
  std::vector<JudgedMetric> metrics;
  Map numbers;  // of the whole: kayenta's score
  Value state;
};

// Judges by one entry of a deployment's `analyses` (checked: core/policy/deployment_providers.cpp):
//
//   sequential   each count against stable and against `slo`, each value against options.at_least
//   or
//                options.at_most within options.bounds; anytime-valid (core/stats/counts.h)
//   kayenta      NetflixACAJudge; exact: the same on ordered differences (core/deploy/kayenta.h)
//   burn_rate    multi-window, multi-burn-rate (Google SRE workbook, chapter 5)
//
// `state` is null at first. `alpha` is the chance of a false alarm that each metric may use up; 0
// takes the analysis' own, split over its metrics. Throws Error(invalid) on an analysis that was
// not checked.
Judged judge(const Value& analysis, const std::vector<Judgeable>& metrics, const Value& state,
             const std::vector<Sample>& samples, double alpha = 0);

// How much the arms' counts vary beyond counting noise, from samples of arms that run the same
// version ("canary" and "stable"), for options.spread. Absent: less than 30 ticks with events.
std::optional<double> spread_of(const std::string& metric, const std::vector<Sample>& samples);

}  // namespace autopilot::deploy
