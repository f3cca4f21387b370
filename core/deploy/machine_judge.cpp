// Samples in: what the rules and analyses say of them, and how much of a hold they make.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "core/deploy/stepping.h"

namespace autopilot::deploy {

bool Stepping::in_maintenance() const {
  if (r_.paused && r_.paused->maintenance) return true;
  return std::any_of(s_.model.maintenance.begin(), s_.model.maintenance.end(),
                     [&](const WindowModel& w) { return w.holds(now_); });
}

// Once the canary is well, until it is decided to go back.
bool Stepping::is_judging() const {
  return r_.phase == Phase::forward && r_.recovering == 0 &&
         (r_.has_traffic() || r_.canary_health.is_well) && !r_.stopped_old;
}

// What held so far holds no longer without a gap.
void Stepping::forget_stretches() {
  for (auto& [name, rule] : r_.rules) {
    rule.since.reset();
    rule.in_a_row = 0;
  }
  r_.credited_to = now_;
}

void Stepping::take_samples() {
  if (seen_.cursors) r_.cursors = *seen_.cursors;
  if (!seen_.measured) return;
  const Instant measured = *seen_.measured;
  if (r_.measured && measured < *r_.measured) {
    // The clock went back: what is dated later cannot be believed.
    r_.windows = Windows(s_.model.longest_window());
    r_.last_row.reset();
    forget_stretches();
    r_.credited_to = measured;
  } else if (r_.measured && measured > *r_.measured) {
    const Duration passed = measured - *r_.measured;
    r_.exposure += static_cast<double>(passed.nanos) / 1e9 * r_.weight_bp / 10000.0;
  }
  r_.measured = measured;
  std::map<Instant, std::vector<const Sample*>> rows;
  for (const Sample& sample : seen_.samples) {
    // Not newer than all: a log read with a delay comes later than what others measured.
    if (r_.windows.is_new(sample)) rows[sample.to].push_back(&sample);
  }
  const bool blind = in_maintenance();
  for (const auto& [t, samples] : rows) {
    if (t > measured) break;  // of the future: it comes again
    if (r_.last_row && t - *r_.last_row > s_.longest_gap()) {
      r_.gap = t - *r_.last_row;
      forget_stretches();
    }
    r_.last_row = std::max(t, r_.last_row.value_or(t));
    for (const Sample* sample : samples) r_.windows.add(*sample);
    if (blind) {
      forget_stretches();
    } else if (is_judging()) {
      judge_row(t, samples);
    }
    credit(t);  // one tick may bring many rows, and none of them is a gap
  }
  if (is_judging() && !blind) check_silence();
  credit(measured);
}

// Metrics without which a rollout is not to go on at all.
void Stepping::check_silence() {
  for (const MetricModel& m : s_.model.metrics) {
    if (m.no_data != NoData::fail || m.dry_run || !r_.has_traffic()) continue;
    const Instant last =
        std::max(r_.windows.newest(m.name, "canary").value_or(r_.stage_since), r_.stage_since);
    RuleState& state = r_.rules["no data of " + m.name];
    if (*r_.measured - last <= s_.longest_silence(m)) {
      state.told = false;
      continue;
    }
    const std::string why = r_.windows.no_data(m.name, "canary");
    fail(m.on_fail, "metric", m.name,
         fmt::format("no data since {}{}", format_rfc3339({last.seconds, 0}),
                     why.empty() ? "" : ": " + why),
         state.told);
  }
}

void Stepping::judge_row(Instant t, const std::vector<const Sample*>& samples) {
  const auto first_count =
      std::find_if(s_.model.metrics.begin(), s_.model.metrics.end(),
                   [](const MetricModel& m) { return m.is_count && !m.dry_run; });
  for (const Sample* sample : samples) {
    if (sample->arm != "canary" || first_count == s_.model.metrics.end()) continue;
    if (sample->metric != first_count->name || !r_.has_traffic()) continue;
    (r_.serves_people() ? r_.served : r_.copied) += sample->total;
    (r_.serves_people() ? r_.served_bad : r_.copied_bad) += sample->bad;
  }
  for (Strategy::Rule& rule : s_.rules) judge_rule(rule, t);
  for (const std::string& name : r_.active) {
    if (const AnalysisModel* analysis = s_.model.analysis(name)) judge_analysis(*analysis, samples);
  }
}

Condition::Result Stepping::judge_condition(Condition& condition, const RuleModel* rule,
                                            Instant t) {
  const NumberOf number = [&](std::string_view arm,
                              std::string_view metric) -> std::optional<double> {
    const MetricModel* m = s_.model.metric(metric);
    if (m == nullptr) return std::nullopt;
    if (arm == "before") {
      const Value* v = r_.before ? r_.before->find(metric) : nullptr;
      return v != nullptr && v->is_number() ? std::optional(v->as_double()) : std::nullopt;
    }
    Reach reach{t, m->window, false, m->min_requests};
    if (rule != nullptr && rule->over) {
      reach.over = *rule->over;
      reach.whole = true;
    }
    if (arm == "earlier") {
      if (rule == nullptr || !rule->ago) return std::nullopt;
      reach.at = t - *rule->ago;
      arm = "canary";
    }
    return r_.windows.number(m->name, std::string(arm), reach);
  };
  return condition.judge(number, r_.weight_bp / 10000.0);
}

void Stepping::judge_rule(Strategy::Rule& rule, Instant t) {
  const bool is_new = std::any_of(rule.metrics.begin(), rule.metrics.end(), [&](const auto& m) {
    return r_.windows.newest(m, "canary") == t || r_.windows.newest(m, "stable") == t;
  });
  if (!is_new) return;
  RuleState& state = r_.rules[rule.model.name];
  const Condition::Result result = judge_condition(rule.condition, &rule.model, t);
  state.why = result.why;
  if (result.answer == Condition::Answer::no_data) {
    state.last = "no_data";
    state.why += why_missing(rule, t);
    return;
  }
  const bool gap = state.judged && t - *state.judged > s_.longest_gap();
  if (gap || result.answer == Condition::Answer::no) {
    state.since.reset();
    state.in_a_row = 0;
  }
  state.judged = std::max(t, state.judged.value_or(t));
  state.last = result.answer == Condition::Answer::yes ? "yes" : "no";
  if (result.answer == Condition::Answer::no) {
    state.told = false;
    return;
  }
  if (!state.since) state.since = t;
  ++state.in_a_row;
  const bool fired = rule.model.lasting ? t - *state.since >= *rule.model.lasting
                                        : state.in_a_row >= rule.model.consecutive;
  if (!fired) return;
  const std::string held = rule.model.lasting
                               ? fmt::format(" for {}", format_duration(*rule.model.lasting))
                               : std::string();
  fail(rule.is_dry ? OnFail::notify : rule.model.on_fail, "rule", rule.model.name,
       fmt::format("{}{}: {}", rule.model.when, held, result.why), state.told);
}

void Stepping::judge_analysis(const AnalysisModel& analysis,
                              const std::vector<const Sample*>& samples) {
  std::vector<Sample> own;
  for (const Sample* sample : samples) {
    if (std::find(analysis.metrics.begin(), analysis.metrics.end(), sample->metric) !=
        analysis.metrics.end())
      own.push_back(*sample);
  }
  if (own.empty()) return;
  AnalysisState& state = r_.analyses[analysis.name];
  const Judged judged = s_.judge(analysis.spec, s_.judgeables(analysis), state.state, own);
  state.state = judged.state;
  state.verdict = to_string(judged.verdict);
  state.why = judged.why;
  Map numbers = judged.numbers;
  OnFail on_fail = analysis.on_fail.value_or(OnFail::notify);
  for (const JudgedMetric& m : judged.metrics) {
    Map one = m.numbers;
    one["verdict"] = to_string(m.verdict);
    one["why"] = m.why;
    numbers[m.metric] = std::move(one);
    const MetricModel* metric = s_.model.metric(m.metric);
    if (m.verdict != Verdict::fail || metric == nullptr || metric->dry_run) continue;
    if (!analysis.on_fail) on_fail = std::min(on_fail, metric->on_fail);  // the gravest
  }
  if (judged.metrics.empty() && !analysis.on_fail) on_fail = OnFail::rollback;
  state.numbers = std::move(numbers);
  if (judged.verdict == Verdict::fail)
    fail(on_fail, "analysis", analysis.name, judged.why, state.told);
}

// Observed time without a gap: as far as every metric that is needed has come.
void Stepping::credit(Instant frontier) {
  for (const std::string& name : s_.needed) {
    const std::optional<Instant> newest = r_.windows.newest(name, "canary");
    if (!newest) return;
    frontier = std::min(frontier, *newest);
  }
  if (r_.doing != "watch" || !r_.credited_to || frontier <= *r_.credited_to) return;
  const Duration stretch = frontier - *r_.credited_to;
  if (stretch <= s_.longest_gap()) {
    const bool counts = !r_.paused && !in_maintenance() && enough_came(frontier);
    if (counts) r_.held.nanos += stretch.nanos;
    r_.gap = {};
  } else {
    r_.gap = stretch;
    event("gap", fmt::format("gap/{}", r_.stage),
          fmt::format("nothing was seen for {}, more than 3 intervals: {} does not count it",
                      format_duration({stretch.nanos / 1'000'000 * 1'000'000}), stage()->name));
  }
  r_.credited_to = frontier;
}

// Why a number that the rule takes is none.
std::string Stepping::why_missing(const Strategy::Rule& rule, Instant t) const {
  for (const std::string& name : rule.metrics) {
    const MetricModel& m = *s_.model.metric(name);
    const Reach reach{t, rule.model.over.value_or(m.window), rule.model.over.has_value(),
                      m.min_requests};
    for (const char* arm : {"canary", "stable"}) {
      if (!rule.condition.names_arm(arm) || r_.windows.number(name, arm, reach)) continue;
      const std::string why = r_.windows.why_no_number(name, arm, reach);
      if (!why.empty()) return ": " + why;
    }
  }
  return "";
}

// Which metric that is needed says nothing, and why.
std::string Stepping::what_is_missing() const {
  for (const std::string& name : s_.needed) {
    const std::string why = r_.windows.no_data(name, "canary");
    if (!why.empty()) return fmt::format(" ({}: {})", name, why);
  }
  return "";
}

// With too few requests there is nothing to see, however often one looks. Testers alone come when
// they like.
bool Stepping::enough_came(Instant at) const {
  const bool is_share = r_.weight_bp > 0 || r_.mirror_bp > 0;
  return !is_share || metric_without_number(at) == nullptr;
}

// The first metric that is needed and has no number, over its window before `at`.
const MetricModel* Stepping::metric_without_number(Instant at) const {
  for (const std::string& name : s_.needed) {
    const MetricModel* m = s_.model.metric(name);
    if (!r_.windows.number(name, "canary", {at, m->window, false, m->min_requests})) return m;
  }
  return nullptr;
}

// Every metric that is needed says something now.
bool Stepping::has_evidence() {
  const Instant at = r_.last_row.value_or(now_);
  const MetricModel* m = metric_without_number(at);
  if (m == nullptr) return true;
  const std::string why =
      r_.windows.why_no_number(m->name, "canary", {at, m->window, false, m->min_requests});
  r_.waiting = fmt::format("no data of {}{}", m->name, why.empty() ? "" : ": " + why);
  return false;
}

bool Stepping::conditions_hold(const Stage& at) {
  const Instant t = r_.last_row.value_or(now_);
  const auto holds = [&](Condition& condition, const std::string& name) {
    const Condition::Result result = judge_condition(condition, nullptr, t);
    if (result.answer == Condition::Answer::yes) return true;
    r_.waiting = fmt::format(
        "{} {}: {}", name,
        result.answer == Condition::Answer::no ? "does not hold" : "cannot be told", result.why);
    return false;
  };
  for (Condition& c : s_.require[static_cast<std::size_t>(r_.stage)]) {
    if (!holds(c, c.source)) return false;
  }
  for (Strategy::Objective& o : s_.objectives) {
    const bool is_asked = at.hold > Duration{} && r_.weight_bp >= o.model.from_bp;
    if (is_asked && !holds(o.condition, o.model.name)) return false;
  }
  return true;
}

}  // namespace autopilot::deploy
