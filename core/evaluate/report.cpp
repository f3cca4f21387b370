#include "core/evaluate/report.h"

#include <cmath>

#include "core/base/time.h"
#include "core/evaluate/report_text.h"

namespace autopilot::evaluate {
namespace {

Value number_or_null(double x) { return std::isfinite(x) ? Value(x) : Value(); }

Value interval_value(const stats::Interval& i) {
  return List{number_or_null(i.low), number_or_null(i.high)};
}

Value stated_value(const Stated& stated, bool forced) {
  if (stated.is_sound() || (forced && stated.interval)) return interval_value(*stated.interval);
  return Value();
}

Value percentiles_value(const Estimated& e, bool forced) {
  const bool is_shown = e.percentiles && (e.bootstrap.is_sound() || forced);
  return is_shown ? interval_value(*e.percentiles) : Value();
}

// Why an interval is not stated, by its kind.
Map reasons_value(const Estimated& e) {
  Map out;
  const auto add = [&](const char* kind, const Stated& stated) {
    if (!stated.why_not.empty()) out[kind] = stated.why_not;
  };
  add("delta", e.delta);
  add("bootstrap", e.bootstrap);
  add("empirical_bernstein", e.bernstein);
  add("anytime", e.anytime);
  return out;
}

// An uplift is only tested where the estimate has an interval.
Map uplift_value(const Uplift& u, bool sound) {
  Map out{{"baseline", number_or_null(u.baseline)},
          {"difference", number_or_null(u.difference)},
          {"difference_error", number_or_null(u.difference_error)},
          {"difference_interval", sound ? interval_value(u.difference_interval) : Value()},
          {"relative", number_or_null(u.relative)}};
  out["relative_interval"] =
      sound && u.relative_interval ? interval_value(*u.relative_interval) : Value();
  out["p"] = sound ? number_or_null(u.p) : Value();
  out["e_value"] = u.evidence ? number_or_null(*u.evidence) : Value();
  return out;
}

Map estimate_value(const Estimated& e, bool forced) {
  Map out{{"estimator", std::string(stats::to_string(e.estimator.kind))}};
  if (stats::has_parameter(e.estimator.kind)) {
    out["parameter"] =
        std::isinf(e.estimator.parameter) ? Value("inf") : Value(e.estimator.parameter);
    out["tuned"] = e.is_tuned;
    out["biased_by_shrinkage"] = e.is_shrunk;
  }
  out["value"] = number_or_null(e.value);
  out["error"] = number_or_null(e.error);
  out["intervals"] = Map{{"delta", stated_value(e.delta, forced)},
                         {"bootstrap", stated_value(e.bootstrap, forced)},
                         {"percentile", percentiles_value(e, forced)},
                         {"empirical_bernstein", stated_value(e.bernstein, forced)},
                         {"anytime", stated_value(e.anytime, forced)}};
  if (e.refits > 0) out["refits"] = Value(static_cast<std::int64_t>(e.refits));
  out["no_interval_because"] = reasons_value(e);
  out["skewness"] = number_or_null(e.skewness);
  out["uplift"] = e.uplift ? Value(uplift_value(*e.uplift, forced || is_tested(e))) : Value();
  return out;
}

Map segment_value(const Segment& s, bool withheld) {
  Map out{{"segment", s.name},
          {"rows", s.rows},
          {"effective_rows", number_or_null(s.effective)},
          {"largest_share", number_or_null(s.largest_share)},
          {"refused", s.is_refused}};
  if (s.is_refused && withheld) return out;
  out["value"] = number_or_null(s.value);
  out["error"] = number_or_null(s.error);
  out["interval"] = interval_value(s.interval);
  out["baseline"] = number_or_null(s.baseline);
  out["difference"] = number_or_null(s.difference);
  out["difference_error"] = number_or_null(s.difference_error);
  out["p"] = number_or_null(s.p);
  out["p_holm"] = number_or_null(s.holm);
  out["p_benjamini_hochberg"] = number_or_null(s.benjamini_hochberg);
  return out;
}

Map diagnosis_value(const Diagnosis& d) {
  List unseen, baseline_unseen;
  for (const std::string& action : d.unseen_actions) unseen.emplace_back(action);
  for (const std::string& action : d.baseline_unseen_actions) baseline_unseen.emplace_back(action);
  return Map{{"rows", d.rows},
             {"effective_rows", number_or_null(d.effective)},
             {"effective_rewards", number_or_null(d.effective_rewards)},
             {"mean_weight", number_or_null(d.mean_weight)},
             {"mean_weight_error", number_or_null(d.mean_weight_error)},
             {"largest_weight", number_or_null(d.most_weight)},
             {"largest_share", number_or_null(d.largest_share)},
             {"top_percent_share", number_or_null(d.top_share)},
             {"tail_index", d.tail_index > 0 ? number_or_null(d.tail_index) : Value()},
             {"least_propensity", number_or_null(d.least_propensity)},
             {"inverse_propensity", number_or_null(d.inverse_propensity)},
             {"unseen_probability", number_or_null(d.unseen)},
             {"unseen_actions", std::move(unseen)},
             {"baseline_unseen_probability", number_or_null(d.baseline_unseen)},
             {"baseline_unseen_actions", std::move(baseline_unseen)},
             {"uneven_rows", number_or_null(d.uneven_rows)},
             {"unused_rows", number_or_null(d.unused)},
             {"calibration", Map{{"action", d.worst.action},
                                 {"position", d.worst.position},
                                 {"mean", number_or_null(d.worst.mean)},
                                 {"z", number_or_null(d.worst.z)},
                                 {"p", number_or_null(d.calibration_p)}}}};
}

Map log_value(const Log& log, const BacktestStory& story) {
  List files, samples;
  for (const std::string& path : story.paths) files.emplace_back(path);
  Map reasons;
  for (const auto& [reason, count] : log.bad.reasons()) reasons[reason] = Value(count);
  for (const events::BadRow& row : log.bad.shown())
    samples.emplace_back(Map{{"file", row.file}, {"line", Value(row.line)}, {"why", row.why}});
  Map columns{{"action", log.columns.action}, {"propensity", log.columns.propensity},
              {"reward", log.columns.reward}, {"position", log.columns.position},
              {"time", log.columns.time},     {"unit", log.columns.unit}};
  Map out{{"files", std::move(files)},
          {"rows", Value(log.rows->rows())},
          {"columns", std::move(columns)},
          {"actions", Value(log.actions())},
          {"positions", Value(log.positions())},
          {"mean_reward", log.reward_sum / static_cast<double>(log.rows->rows())},
          {"rows_per_unit", log.rows_per_unit},
          {"in_time_order", log.in_time_order},
          {"bad_rows", Map{{"count", Value(log.bad.count())},
                           {"reasons", std::move(reasons)},
                           {"samples", std::move(samples)}}}};
  if (log.time != Log::kNone) {
    out["from"] = format_rfc3339(Instant::from_micros(log.first_time));
    out["to"] = format_rfc3339(Instant::from_micros(log.last_time));
  }
  return out;
}

List finding_values(const std::vector<Finding>& findings) {
  List out;
  for (const Finding& f : findings)
    out.emplace_back(
        Map{{"trust", std::string(to_string(f.trust))}, {"name", f.name}, {"text", f.text}});
  return out;
}

}  // namespace

bool is_tested(const Estimated& e) { return e.delta.is_sound() || e.refits > 0; }

bool is_refused(const Backtest& backtest, const BacktestStory& story) {
  return backtest.trust == Trust::no && !story.is_forced;
}

render::Report describe(const Answer& answer, const BacktestStory& story) {
  const Backtest& b = answer.backtest;
  render::Report out{"autopilot.backtest/v1", {}, {}};
  const bool refused = is_refused(b, story);
  List estimates, segments;
  for (const Estimated& e : b.estimates) {
    if (!refused) estimates.emplace_back(estimate_value(e, story.is_forced));
  }
  for (const Segment& s : b.segments) {
    if (!refused) segments.emplace_back(segment_value(s, !story.is_forced));
  }
  out.data = Map{{"target", b.target},
                 {"baseline", b.baseline},
                 {"model", b.model},
                 {"level", 1 - story.alpha},
                 {"log", log_value(answer.log, story)},
                 {"verdict", std::string(to_string(b.trust))},
                 {"refused", refused},
                 {"findings", finding_values(b.findings)},
                 {"diagnostics", diagnosis_value(b.diagnosis)},
                 {"estimates", std::move(estimates)},
                 {"segments", std::move(segments)}};
  if (b.played) out.data["algorithm"] = to_value(*b.played);
  if (!b.segments.empty()) out.data["segment_estimator"] = name_of(b.segment_estimator);
  out.text = backtest_blocks(answer, story);
  return out;
}

}  // namespace autopilot::evaluate
