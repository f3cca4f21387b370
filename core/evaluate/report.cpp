#include "core/evaluate/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/base/text.h"
#include "core/base/time.h"
#include "core/base/units.h"

namespace autopilot::evaluate {
namespace {

using render::Line;
using render::Run;
using render::Tone;

std::string signed_percent(double share) {
  if (std::isnan(share)) return "";
  return fmt::format("{:+.3g}%", share * 100);
}

std::string p_text(double p) { return p < 1e-4 ? "<0.0001" : fmt::format("{:.2g}", p); }

std::string count_text(double count) {
  return count < 1000 ? fmt::format("{:.3g}", count) : fmt::format("{:.0f}", count);
}

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

// Whether its uplift can be held against 0.
bool is_tested(const Estimated& e) { return e.delta.is_sound() || e.refits > 0; }

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

Tone tone_of(Trust trust) {
  return trust == Trust::yes ? Tone::good : trust == Trust::doubt ? Tone::warn : Tone::bad;
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
  List unseen;
  for (const std::string& action : d.unseen_actions) unseen.emplace_back(action);
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

// --- text

class BacktestText {
 public:
  BacktestText(const Answer& answer, const BacktestStory& story)
      : log_(answer.log), backtest_(answer.backtest), story_(story) {}

  std::vector<render::Block> blocks() {
    headline();
    if (!is_refused(backtest_, story_)) {
      estimates();
      segments();
    }
    diagnosis();
    verdict();
    return std::move(blocks_);
  }

 private:
  void say(Line line) { blocks_.emplace_back(render::Paragraph{std::move(line)}); }

  void headline() {
    std::string names;
    for (const std::string& path : story_.paths)
      names += (names.empty() ? "" : ", ") + shown_path(path);
    const std::string what =
        backtest_.baseline == "logged" ? "what was logged" : backtest_.baseline;
    say(Line({{backtest_.target, Tone::strong},
              {fmt::format(" against {}: {} rows of {}, {} action{}{}, mean reward {}", what,
                           log_.rows->rows(), names, log_.actions(), log_.actions() == 1 ? "" : "s",
                           log_.positions() > 1 ? fmt::format(" at {} positions", log_.positions())
                                                : std::string(),
                           number_text(backtest_.logged)),
               Tone::plain}}));
  }

  std::string level() const { return fmt::format("{:.4g}%", 100 * (1 - story_.alpha)); }

  void estimates() {
    render::Table table{{"ESTIMATOR", "VALUE", level() + " BOOTSTRAP", "DELTA", "BERNSTEIN",
                         "ANYTIME", "UPLIFT", level(), "P"},
                        {},
                        {false, true}};
    for (const Estimated& e : backtest_.estimates) table.rows.push_back(row(e));
    blocks_.emplace_back(std::move(table));
    std::string notes;
    if (!backtest_.model.empty()) notes += fmt::format("Model: {}. ", backtest_.model);
    for (const Estimated& e : backtest_.estimates) {
      if (e.refits == 0) continue;
      notes += fmt::format(
          "The interval of dm is by the error over {} resamples, its model fitted anew in each; "
          "what the model gets wrong is not in it. ",
          e.refits);
    }
    for (const auto& [why, names] : left_out())
      notes += fmt::format("No interval of {}: {}. ", join(names, ", "), why);
    if (!notes.empty()) say(Line({{std::string(trim(notes)), Tone::dim}}));
  }

  // Estimators without a normal interval, by the reason.
  std::vector<std::pair<std::string, std::vector<std::string>>> left_out() const {
    std::vector<std::pair<std::string, std::vector<std::string>>> out;
    for (const Estimated& e : backtest_.estimates) {
      if (is_tested(e)) continue;
      auto at = std::find_if(out.begin(), out.end(),
                             [&](const auto& o) { return o.first == e.delta.why_not; });
      if (at == out.end()) at = out.insert(out.end(), {e.delta.why_not, {}});
      at->second.push_back(name_of(e.estimator));
    }
    return out;
  }

  bool shows(const Stated& s) const {
    return s.is_sound() || (story_.is_forced && s.interval.has_value());
  }
  std::string stated(const Stated& s) const {
    return shows(s) ? interval_text(*s.interval) : std::string("-");
  }

  std::vector<Line> row(const Estimated& e) const {
    std::string relative, ends, p;
    if (e.uplift) {
      relative = signed_percent(e.uplift->relative);
      if (e.uplift->relative_interval && shows(e.delta))
        ends = fmt::format("{} to {}", signed_percent(e.uplift->relative_interval->low),
                           signed_percent(e.uplift->relative_interval->high));
      p = shows(e.delta) || is_tested(e) ? p_text(e.uplift->p) : "-";
    }
    return {name_of(e.estimator),
            number_text(e.value),
            stated(e.bootstrap),
            stated(e.delta),
            stated(e.bernstein),
            stated(e.anytime),
            relative,
            ends,
            p};
  }

  void segments() {
    if (backtest_.segments.empty()) return;
    render::Table table{{"SEGMENT", "ROWS", "EFFECTIVE", "VALUE", level() + " DELTA", "BASELINE",
                         "DIFFERENCE", "P", "HOLM", "BH"},
                        {},
                        {false, true, true, true}};
    for (const Segment& s : backtest_.segments) {
      std::vector<Line> cells{s.name, fmt::format("{}", s.rows),
                              fmt::format("{:.0f}", s.effective)};
      if (s.is_refused && !story_.is_forced) {
        cells.push_back(Line({{"refused", Tone::warn}}));
        cells.resize(10, "");
      } else {
        for (std::string text : {number_text(s.value), interval_text(s.interval),
                                 number_text(s.baseline), fmt::format("{:+.4g}", s.difference),
                                 p_text(s.p), p_text(s.holm), p_text(s.benjamini_hochberg)})
          cells.emplace_back(std::move(text));
      }
      table.rows.push_back(std::move(cells));
    }
    blocks_.emplace_back(std::move(table));
    say(Line(
        {{fmt::format("Segments by {}. Refused: fewer than 100 effective rows, or one row with "
                      "more than 5% of the weight.",
                      name_of(backtest_.segment_estimator)),
          Tone::dim}}));
  }

  void diagnosis() {
    const Diagnosis& d = backtest_.diagnosis;
    render::Table table{{}, {}, {}};
    const auto fact = [&](const char* name, std::string value) {
      table.rows.push_back({Line({{name, Tone::dim}}), std::move(value)});
    };
    fact("effective rows", fmt::format("{} of {} ({:.3g}%)", count_text(d.effective), d.rows,
                                       100 * d.effective / d.rows));
    fact("effective rewards", count_text(d.effective_rewards));
    fact("weights", fmt::format("mean {:.4g} ± {:.2g} (z {:.1f}), largest {:.4g}", d.mean_weight,
                                d.mean_weight_error, d.mean_weight_z(), d.most_weight));
    fact("weight tail",
         fmt::format(
             "largest row {:.3g}%, largest 1% of rows {:.3g}%{}", 100 * d.largest_share,
             100 * d.top_share,
             d.tail_index > 0 ? fmt::format(", tail index {:.3g}", d.tail_index) : std::string()));
    fact("overlap", fmt::format("{:.3g}% of the target was never logged, {:.3g}% of the rows it "
                                "would not have chosen",
                                100 * d.unseen, 100 * d.unused));
    fact("propensities",
         fmt::format("smallest {:.4g}, mean of 1/p {:.4g} of {} actions{}", d.least_propensity,
                     d.inverse_propensity, log_.actions(),
                     !d.worst.action.empty()
                         ? fmt::format(", worst calibration {}{} z {:.1f} (p {})", d.worst.action,
                                       d.worst.position.empty() ? "" : " at " + d.worst.position,
                                       d.worst.z, p_text(d.calibration_p))
                         : std::string()));
    if (backtest_.played) fact("learned from", to_text(*backtest_.played));
    if (log_.unit != Log::kNone)
      fact("units", log_.has_repeated_units()
                        ? fmt::format("{:.3g} rows each, kept together", log_.rows_per_unit)
                        : std::string("one row each"));
    blocks_.emplace_back(std::move(table));
  }

  void verdict() {
    for (const Finding& f : backtest_.findings)
      say(Line({{f.trust == Trust::no ? "against it: " : "doubt: ", tone_of(f.trust)},
                {f.text, Tone::plain}}));
    const Trust trust = backtest_.trust;
    const char* const text = trust == Trust::yes     ? "trust it"
                             : trust == Trust::doubt ? "trust it with the doubts above"
                             : story_.is_forced      ? "don't trust it: shown because of --force"
                                                     : "don't trust it: no estimates are shown";
    say(Line({{text, tone_of(trust)}}));
  }

  const Log& log_;
  const Backtest& backtest_;
  const BacktestStory& story_;
  std::vector<render::Block> blocks_;
};

}  // namespace

std::string number_text(double value) {
  return std::isnan(value) ? std::string("-") : fmt::format("{:.4g}", value);
}

std::string interval_text(const stats::Interval& i) {
  return fmt::format("{:.4g} to {:.4g}", i.low, i.high);
}

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
  out.text = BacktestText(answer, story).blocks();
  return out;
}

}  // namespace autopilot::evaluate
