#include "core/state/rollout_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/base/json.h"
#include "core/base/units.h"
#include "core/policy/rollback.h"
#include "core/state/rollout.h"

namespace autopilot::state {
namespace {

using decide::RollbackRule;
using decide::WatchVerdict;
using render::Line;
using render::Tone;

std::string time_text(std::int64_t micros) { return format_rfc3339(Instant::from_micros(micros)); }

Duration length(std::int64_t micros) { return {micros * 1000}; }

// 34.2%, with one digit: enough for people.
std::string percent(double share) { return fmt::format("{:.1f}%", share * 100); }

Map statistics_of(const WatchVerdict& v, std::string_view group,
                  std::span<const policy::Statistic> all) {
  Map out;
  for (const policy::Statistic& s : all)
    out.append(std::string(s.name), decide::statistic(v.counts, group, s.name));
  return out;
}

// Inside less outside, of the shares and means that both have.
Map differences(const Map& inside, const Map& outside) {
  Map out;
  for (const policy::Statistic& s : policy::group_statistics()) {
    if (s.is_count) continue;
    const Value& in = *inside.find(s.name);
    const Value& out_of = *outside.find(s.name);
    const bool both = !in.is_null() && !out_of.is_null();
    out.append(std::string(s.name), both ? Value(in.as_double() - out_of.as_double()) : Value());
  }
  return out;
}

// What one policy's rollout is about to do.
struct Outlook {
  std::string code;  // "none" "off" "rolled-back" "fires" "not-enough-decisions" "holding" …
  std::string text;
};

Outlook outlook_of_rule(const Watched& w, const WatchVerdict& v) {
  const policy::Rollback& rule = *w.policy.rollback;
  if (v.fired) {
    return {"fires",
            fmt::format("the rule fired at {}; the next tick rolls it back", time_text(*v.fired))};
  }
  if (!w.policy.enabled) return {"off", "the policy is switched off, nothing is judged"};
  if (v.position.held_since) {
    const Instant end = Instant::from_micros(*v.position.held_since) + rule.lasting;
    return {"holding", fmt::format("the condition has held for {} of {}; if it goes on, it is "
                                   "rolled back at {}",
                                   format_duration(length(v.to - *v.position.held_since)),
                                   format_duration(rule.lasting), format_rfc3339(end))};
  }
  if (v.answer == RollbackRule::Answer::too_few) return {"not-enough-decisions", v.why};
  if (v.answer == RollbackRule::Answer::failed)
    return {"failed", "the condition cannot be computed: " + v.why};
  return {"does-not-hold", "the condition does not hold"};
}

Outlook outlook_of(const Watched& w, const WatchVerdict& v, Instant now) {
  const std::string resume = fmt::format("autopilot rollout resume {}", w.policy.id);
  if (w.overlay && w.overlay->is_over(now)) {
    return {"over", fmt::format("its time was over at {}: the next decision is taken at {}",
                                format_rfc3339(*w.overlay->expires), format_share(w.wanted))};
  }
  if (w.policy.rollout == 0) {
    const std::string ends =
        w.overlay && w.overlay->expires
            ? fmt::format("it ends by itself at {}", format_rfc3339(*w.overlay->expires))
            : "change its document, or " + resume;
    return w.overlay ? Outlook{"rolled-back", "rolled back; " + ends}
                     : Outlook{"none", "applies to nobody, as its document says"};
  }
  if (w.policy.rollback) return outlook_of_rule(w, v);
  return {"none", "no rule: it stays until somebody changes it"};
}

Value rule_data(const Watched& w, const WatchVerdict& v) {
  if (!w.policy.rollback) return {};
  const policy::Rollback& rule = *w.policy.rollback;
  Map out{{"when", rule.when.source},
          {"for", format_duration(rule.lasting)},
          {"min_decisions", rule.min_decisions},
          {"answer", v.answer ? Value(to_string(*v.answer)) : Value()},
          {"why", v.why}};
  const auto& since = v.position.held_since;
  Value held_since, held_for;
  if (since) {
    held_since = time_text(*since);
    held_for = format_duration(length(v.to - *since));
  }
  out.append("held_since", std::move(held_since));
  out.append("held_for", std::move(held_for));
  Value fired;
  if (v.fired) fired = time_text(*v.fired);
  out.append("fired_at", std::move(fired));
  return out;
}

struct Status {
  const Watched& watched;
  WatchVerdict verdict;
  Map inside, outside, policy;
  RollbackCounts rollbacks;
  Outlook outlook;
};

Status status_of(Store& store, const Watched& w, Instant now) {
  Status s{w, w.watch->judge(now), {}, {}, {}, count_rollbacks(store, w.policy.id), {}};
  s.inside = statistics_of(s.verdict, "inside", policy::group_statistics());
  s.outside = statistics_of(s.verdict, "outside", policy::group_statistics());
  s.policy = statistics_of(s.verdict, "policy", policy::policy_statistics());
  s.outlook = outlook_of(w, s.verdict, now);
  return s;
}

Value to_data(const Status& s) {
  const Watched& w = s.watched;
  Value drift;
  if (w.overlay) drift = to_data(*w.overlay);
  return Map{{"policy", w.policy.id},
             {"mode", w.policy.mode == policy::Mode::monitor ? "monitor" : "enforce"},
             {"share", w.policy.rollout},
             {"wanted", w.wanted},
             {"since", Map{{"time", format_rfc3339(w.since.time)},
                           {"revision", w.since.hash},
                           {"what", w.since.what},
                           {"actor", w.since.actor}}},
             {"drift", std::move(drift)},
             {"statistics", Map{{"after", time_text(s.verdict.from)},
                                {"until", time_text(s.verdict.to)},
                                {"inside", s.inside},
                                {"outside", s.outside},
                                {"policy", s.policy},
                                {"difference", differences(s.inside, s.outside)}}},
             {"rule", rule_data(w, s.verdict)},
             {"state", s.outlook.code},
             {"next", s.outlook.text},
             {"policy_rollbacks_total", s.rollbacks.total()},
             {"policy_rollbacks_by_rule_total", s.rollbacks.by_rule}};
}

std::string cell(const Value& value, bool is_share) {
  if (value.is_null()) return "-";
  if (value.is_integer()) return to_json(value);
  return is_share ? percent(value.as_double()) : fmt::format("{:.3f}", value.as_double());
}

std::string difference_cell(const Value& value, bool is_share) {
  if (value.is_null()) return "";
  // Rounded first, so that no tiny difference shows as -0.0.
  const double d = std::round(value.as_double() * 1000) / 1000 + 0.0;
  return is_share ? fmt::format("{:+.1f}", d * 100) : fmt::format("{:+.3f}", d);
}

// Rows of statistics: a count and its share side by side.
render::Table statistics_table(const Status& s) {
  render::Table table{
      {"", "inside", "", "outside", "", "difference"}, {}, {false, true, true, true, true, true}};
  const Map difference = differences(s.inside, s.outside);
  const auto row = [&](const char* name, const char* count, const char* share, bool is_share) {
    const auto at = [](const Map& map, const char* key) {
      return *key == '\0' ? Value() : *map.find(key);
    };
    const auto show = [](const std::string& text) { return Line(text == "-" ? "" : text); };
    table.rows.push_back(
        {Line(name), show(cell(at(s.inside, count), false)),
         show(cell(at(s.inside, share), is_share)), show(cell(at(s.outside, count), false)),
         show(cell(at(s.outside, share), is_share)),
         Line(*share == '\0' ? "" : difference_cell(*difference.find(share), is_share))});
  };
  row("decisions", "total", "", true);
  row("allowed", "allowed", "allowed_share", true);
  row("modified", "modified", "modified_share", true);
  row("pending", "pending", "pending_share", true);
  row("blocked", "blocked", "blocked_share", true);
  row("errors", "errors", "error_share", true);
  row("mean risk", "", "mean_risk", false);
  return table;
}

std::string acts_text(const Status& s) {
  std::string text;
  for (const policy::Statistic& statistic : policy::policy_statistics()) {
    if (!statistic.is_count) continue;
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ",
                        to_json(*s.policy.find(statistic.name)), statistic.name);
  }
  return text;
}

Line headline(const Watched& w) {
  std::string share = format_share(w.policy.rollout) + " of units";
  if (w.policy.rollout != w.wanted)
    share += fmt::format(" (its document says {})", format_share(w.wanted));
  return Line({{"Policy/" + w.policy.id, Tone::strong}, {"  " + share, Tone::plain}});
}

void append_details(std::vector<render::Block>& text, const Status& s) {
  const Watched& w = s.watched;
  render::Lines head{{headline(w)}};
  head.lines.emplace_back(fmt::format("since  {}, {} by {}, revision {}",
                                      format_rfc3339(w.since.time), done_text(w.since.what),
                                      w.since.actor, w.since.hash.substr(0, 12)));
  if (w.overlay && !w.overlay->reason.empty())
    head.lines.emplace_back("why    " + w.overlay->reason);
  if (w.policy.rollback) {
    const policy::Rollback& rule = *w.policy.rollback;
    head.lines.emplace_back(fmt::format("rule   rolls back when {} for {}, from {} decisions on",
                                        rule.when.source, format_duration(rule.lasting),
                                        rule.min_decisions));
  }
  head.lines.emplace_back("next   " + s.outlook.text);
  text.emplace_back(std::move(head));
  text.emplace_back(render::Heading{fmt::format(
      "Decisions after {} until {}", time_text(s.verdict.from), time_text(s.verdict.to))});
  text.emplace_back(statistics_table(s));
  text.emplace_back(render::Lines{{fmt::format(
      "{}: {}",
      w.policy.mode == policy::Mode::monitor ? "The policy itself would have" : "The policy itself",
      acts_text(s))}});
}

}  // namespace

render::Report describe_rollouts(Store& store, Watching& watching, bool single, Instant now) {
  render::Report report{"autopilot.rollout-status/v1", {}, {}};
  List all;
  render::Table table{{"POLICY", "SHARE", "SINCE", "INSIDE", "OUTSIDE", "NEXT"},
                      {},
                      {false, true, false, true, true}};
  for (const Watched& w : watching.policies()) {
    const Status s = status_of(store, w, now);
    all.push_back(to_data(s));
    if (single) append_details(report.text, s);
    table.rows.push_back({Line(w.policy.id), Line(format_share(w.policy.rollout)),
                          Line(format_rfc3339({w.since.time.seconds, 0})),
                          Line(to_json(*s.inside.find("total"))),
                          Line(to_json(*s.outside.find("total"))), Line(s.outlook.text)});
  }
  const RollbackCounts counts = count_rollbacks(store);
  report.data = Map{{"policies", std::move(all)},
                    {"policy_rollbacks_total", counts.total()},
                    {"policy_rollbacks_by_rule_total", counts.by_rule}};
  if (single) return report;
  if (table.rows.empty()) {
    report.text.emplace_back(
        render::Lines{{"Every policy applies to all units, and none has a rollback rule."}});
  } else {
    report.text.emplace_back(std::move(table));
  }
  return report;
}

render::Report describe(const Ticked& ticked) {
  render::Report report{"autopilot.rollout-tick/v1", {}, {}};
  List policies;
  render::Lines lines;
  for (const TickedPolicy& p : ticked.policies) {
    const WatchVerdict& v = p.verdict;
    Value revision, held_since;
    if (v.fired) revision = p.revision;
    if (v.position.held_since) held_since = time_text(*v.position.held_since);
    policies.push_back(Map{{"policy", p.policy},
                           {"rolled_back", v.fired.has_value()},
                           {"share", p.share},
                           {"point", time_text(v.to)},
                           {"answer", v.answer ? Value(to_string(*v.answer)) : Value()},
                           {"why", v.why},
                           {"held_since", std::move(held_since)},
                           {"reason", p.reason},
                           {"revision", std::move(revision)}});
    if (v.fired) {
      lines.lines.push_back(
          Line({{fmt::format("Policy/{}: rolled back from {}", p.policy, format_share(p.share)),
                 Tone::bad},
                {", " + p.reason, Tone::plain}}));
      lines.lines.emplace_back(fmt::format("  revision {}", p.revision));
    } else {
      const std::string why = v.why.empty() ? "" : ", " + v.why;
      const std::string held =
          v.position.held_since ? ", since " + time_text(*v.position.held_since) : std::string();
      lines.lines.emplace_back(fmt::format(
          "Policy/{}: stays at {}, {}{}{}", p.policy, format_share(p.share),
          v.answer == RollbackRule::Answer::holds           ? "the condition holds"
          : v.answer == RollbackRule::Answer::does_not_hold ? "the condition does not hold"
                                                            : "nothing to judge by",
          held, why));
    }
  }
  report.data = Map{{"rolled_back", ticked.rolled_back()}, {"policies", std::move(policies)}};
  if (lines.lines.empty()) lines.lines.emplace_back("No rollout has a rollback rule to judge.");
  report.text.emplace_back(std::move(lines));
  return report;
}

}  // namespace autopilot::state
