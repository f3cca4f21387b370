#include "core/deploy/status_report.h"

#include <fmt/format.h>

#include <set>

#include "core/base/text.h"
#include "core/base/units.h"

namespace autopilot::deploy {
namespace {

using render::Line;
using render::Tone;
using render::Tree;

std::string share(int points) { return format_share(points / 10000.0); }

// Whole seconds: enough for people.
std::string rounded(Duration d) {
  const Duration whole = Duration::seconds(d.nanos / 1'000'000'000);
  return whole.nanos == 0 ? "0s" : format_duration(whole);
}

std::string to_second(Instant t) { return format_rfc3339({t.seconds, 0}); }

Value time_or_null(const std::optional<Instant>& t) {
  return t ? Value(format_rfc3339(*t)) : Value();
}

struct Mark {
  const char* sign;
  const char* word;
  Tone tone;
};

Mark mark_of(const Rollout& r, std::int64_t index) {
  const Value* mark = r.marks.find(std::to_string(index));
  const std::string text = mark != nullptr && mark->is_string() ? mark->as_string() : "";
  if (text.starts_with("skipped")) return {"-", "skipped", Tone::dim};
  if (text == "failed") return {"✖", "failed", Tone::bad};
  if (!text.empty()) return {"✔", "done", Tone::good};
  if (r.phase == Phase::promoted) return {"✔", "done", Tone::good};
  if (r.phase == Phase::forward && index == r.stage) {
    if (r.paused) return {"॥", "paused", Tone::warn};
    return r.at_gate.empty() ? Mark{"◷", "in progress", Tone::strong}
                             : Mark{"◷", "waits", Tone::warn};
  }
  return {"·", r.is_going_back() ? "not reached" : "to come", Tone::dim};
}

std::string stage_text(const Rollout& r, const Stage& s, std::int64_t index) {
  const std::string kind(to_string(s.kind));
  const bool says_kind = s.name == kind || s.name.starts_with(kind + " ");
  std::string text = says_kind ? s.name : fmt::format("{} {}", kind, s.name);
  if (s.kind == Stage::Kind::weight && share(s.weight_bp) != s.name)
    text += fmt::format(", {} of the traffic", share(s.weight_bp));
  if (s.kind == Stage::Kind::match) text += ", " + to_text(s.match);
  if (s.kind == Stage::Kind::end)
    text += s.step.ends_match ? ": the match is over" : ": the mirror is over";
  if (s.kind == Stage::Kind::mirror) text += fmt::format(", copies of {}", share(s.mirror_bp));
  const bool present = r.phase == Phase::forward && index == r.stage;
  if (present && s.hold > Duration{} && r.doing == "watch")
    text += fmt::format(", observed {} of {}", rounded(r.held), rounded(s.hold));
  else if (s.hold > Duration{})
    text += fmt::format(", hold {}", rounded(s.hold));
  if (!s.skipped.empty()) text += ", " + s.skipped;
  if (present && !r.waiting.empty()) text += ": " + r.waiting;
  const Value* mark = r.marks.find(std::to_string(index));
  if (mark != nullptr && mark->is_string() && mark->as_string().starts_with("cut short"))
    text += ", " + mark->as_string();
  return text;
}

Tone tone_of(const std::string& verdict) {
  if (verdict == "pass") return Tone::good;
  return verdict == "fail" ? Tone::bad : Tone::warn;
}

Tree stage_tree(const Rollout& r, const Strategy& strategy, std::int64_t index) {
  const Stage& s = strategy.stages[static_cast<std::size_t>(index)];
  const Mark mark = mark_of(r, index);
  Tree tree;
  tree.line = Line({{fmt::format("{} {}", mark.sign, mark.word), mark.tone},
                    {"  " + stage_text(r, s, index), Tone::plain}});
  const bool present = index == r.stage && !r.is_over();
  for (const std::string& name : present ? s.analyses : std::vector<std::string>{}) {
    const auto found = r.analyses.find(name);
    const bool known = found != r.analyses.end() && !found->second.verdict.empty();
    tree.children.push_back(
        {Line({{known ? found->second.verdict : "no verdict yet",
                known ? tone_of(found->second.verdict) : Tone::dim},
               {fmt::format("  analysis {}{}", name, known ? ": " + found->second.why : ""),
                Tone::plain}}),
         {}});
  }
  return tree;
}

Tree rules_tree(const Rollout& r, const Strategy& strategy) {
  Tree tree{Line("rules"), {}};
  for (const Strategy::Rule& rule : strategy.rules) {
    const auto found = r.rules.find(rule.model.name);
    const std::string last = found == r.rules.end() ? "" : found->second.last;
    std::string answer = last.empty()        ? "not judged"
                         : last == "no_data" ? "no data"
                         : last == "yes"     ? "holds"
                                             : "does not hold";
    if (last == "yes" && found->second.since && found->second.judged)
      answer += " for " + rounded(*found->second.judged - *found->second.since);
    std::string text = fmt::format("  {}: {}", rule.model.name, rule.model.when);
    if (rule.model.lasting) text += " for " + format_duration(*rule.model.lasting);
    if (found != r.rules.end() && !found->second.why.empty()) text += "; " + found->second.why;
    tree.children.push_back(
        {Line({{answer, last == "yes" ? Tone::bad : Tone::dim}, {text, Tone::plain}}), {}});
  }
  return tree;
}

List stages_data(const Rollout& r, const Strategy& strategy) {
  List out;
  for (std::size_t i = 0; i < strategy.stages.size(); ++i) {
    const Stage& s = strategy.stages[i];
    out.push_back(Map{{"kind", to_string(s.kind)},
                      {"name", s.name},
                      {"section", s.section},
                      {"mark", mark_of(r, static_cast<std::int64_t>(i)).word},
                      {"weight", s.is_routing() ? Value(s.weight_bp / 10000.0) : Value()},
                      {"match", to_value(s.match)},
                      {"mirror", s.is_routing() ? Value(s.mirror_bp / 10000.0) : Value()},
                      {"hold", s.hold > Duration{} ? Value(format_duration(s.hold)) : Value()},
                      {"skipped", s.skipped}});
  }
  return out;
}

List judged_data(const Rollout& r) {
  List out;
  for (const auto& [name, a] : r.analyses) {
    out.push_back(Map{{"analysis", name},
                      {"verdict", a.verdict},
                      {"why", a.why},
                      {"numbers", a.numbers.is_null() ? Value(Map{}) : a.numbers}});
  }
  return out;
}

List rules_data(const Rollout& r, const Strategy& strategy) {
  List out;
  for (const Strategy::Rule& rule : strategy.rules) {
    const auto found = r.rules.find(rule.model.name);
    const RuleState state = found == r.rules.end() ? RuleState{} : found->second;
    out.push_back(Map{{"rule", rule.model.name},
                      {"when", rule.model.when},
                      {"answer", state.last.empty() ? Value() : Value(state.last)},
                      {"why", state.why},
                      {"since", time_or_null(state.since)}});
  }
  return out;
}

Tone tone_of_state(const std::string& state) {
  if (state == "promoted") return Tone::good;
  if (state == "rolled_back" || state == "stuck") return Tone::bad;
  return state == "gate" || state == "paused" || state == "rolling_back" ? Tone::warn
                                                                         : Tone::strong;
}

// It goes on by itself when what fails works again; what a person can do where it never will.
std::string way_out(const Rollout& r) {
  const std::string who = r.deployment + (r.environment.empty() ? "" : " --env " + r.environment);
  if (r.phase == Phase::forward)
    return fmt::format(
        "mend it, and it goes on; autopilot deploy promote {} leaves the old version as it is",
        who);
  if (r.waits_for_old_version())
    return fmt::format(
        "mend the old version, and it goes on; autopilot deploy abort {} --force --reason TEXT "
        "takes the traffic away all the same",
        who);
  return fmt::format(
      "mend it, and it goes on; where the document is wrong, or a host is gone for good, apply a "
      "right one, stop who runs this, and say: autopilot deploy abort {} --use-applied --reason "
      "TEXT",
      who);
}

render::Lines headline(const Rollout& r, const StatusFacts& facts) {
  const std::string state = r.state();
  render::Lines head;
  head.lines.push_back(
      Line({{r.id, Tone::strong},
            {fmt::format("  {} -> {}  ", r.previous.empty() ? "nothing" : r.previous, r.version),
             Tone::plain},
            {state, tone_of_state(state)},
            {"  " + to_text(r.routing()), Tone::plain}}));
  head.lines.emplace_back(fmt::format("since    {}, by {}{}", to_second(r.created), r.actor,
                                      r.reason.empty() ? "" : ": " + r.reason));
  if (r.finished)
    head.lines.emplace_back(fmt::format("until    {}, after {}", to_second(*r.finished),
                                        rounded(*r.finished - r.created)));
  if (!r.cause.empty()) head.lines.emplace_back("cause    " + r.cause);
  if (r.rollback_since && r.zero_since)
    head.lines.emplace_back(fmt::format(
        "back     no traffic, verified, {} after the decision",
        format_duration(
            Duration::milliseconds((*r.zero_since - *r.rollback_since).nanos / 1'000'000 + 1))));
  if (r.paused)
    head.lines.emplace_back(
        fmt::format("paused   by {}{}{}{}", r.paused->by,
                    r.paused->reason.empty() ? "" : ": " + r.paused->reason,
                    r.paused->until ? ", until " + to_second(*r.paused->until) : "",
                    r.paused->maintenance ? "; nothing is judged meanwhile" : ""));
  if (!r.failing_why.empty() && !r.is_over()) head.lines.emplace_back("failing  " + r.failing_why);
  if (r.stuck_since && !r.is_over()) head.lines.emplace_back("to do    " + way_out(r));
  if (r.served > 0)
    head.lines.emplace_back(
        fmt::format("exposure {} requests to the new version, {} bad", r.served, r.served_bad));
  if (r.copied > 0)
    head.lines.emplace_back(
        fmt::format("copies   {} requests to the new version, {} bad", r.copied, r.copied_bad));
  if (const std::vector<std::string> newer = newer_fields(r, facts); !newer.empty())
    head.lines.emplace_back(
        fmt::format("document another one is applied by now ({}); this rollout keeps its own",
                    join(newer, ", ")));
  if (!r.is_over())
    head.lines.emplace_back(facts.holder
                                ? fmt::format("holder   {} (process {} on {})", facts.holder->actor,
                                              facts.holder->pid, facts.holder->host)
                                : "holder   nobody: deploy run or deploy tick goes on");
  return head;
}

}  // namespace

std::vector<std::string> newer_fields(const Rollout& r, const StatusFacts& facts) {
  if (r.is_over() || !facts.applied || !facts.applied->is_map() || !r.spec.is_map()) return {};
  std::set<std::string> names;
  for (const Value* spec : {&r.spec, &*facts.applied}) {
    for (const auto& [name, value] : spec->as_map()) names.insert(name);
  }
  std::vector<std::string> out;
  for (const std::string& name : names) {
    const Value* then = r.spec.get(name);
    const Value* now = facts.applied->get(name);
    if (then == nullptr || now == nullptr || !(*then == *now)) out.push_back(name);
  }
  return out;
}

std::string status_line(const Rollout& r, const Strategy& strategy) {
  const std::string state = r.state();
  if (r.is_over()) return r.cause.empty() ? state : state + ": " + r.cause;
  if (r.phase == Phase::rolling_back)
    return fmt::format("{}, {}: {}", state, to_text(r.routing()),
                       r.stuck_since ? r.failing_why : r.cause);
  const auto index = static_cast<std::size_t>(r.stage);
  if (index >= strategy.stages.size()) return state;
  return fmt::format("{}, {}, at {}{}", state, to_text(r.routing()),
                     stage_text(r, strategy.stages[index], r.stage),
                     r.failing_since ? "; failing: " + r.failing_why : "");
}

Map status_data(const Rollout& r, const Strategy& strategy, const StatusFacts& facts) {
  List events;
  for (const JournalEvent& e : facts.events) {
    events.push_back(
        Map{{"key", e.key}, {"kind", e.kind}, {"time", format_rfc3339(e.at)}, {"text", e.text}});
  }
  List newer;
  for (std::string& name : newer_fields(r, facts)) newer.emplace_back(std::move(name));
  Value holder;
  if (facts.holder)
    holder = Map{
        {"actor", facts.holder->actor}, {"pid", facts.holder->pid}, {"host", facts.holder->host}};
  Value to_zero;
  if (r.rollback_since && r.zero_since)
    to_zero = static_cast<double>((*r.zero_since - *r.rollback_since).nanos) / 1e9;
  return Map{
      {"rollout", r.id},
      {"deployment", r.deployment},
      {"environment", r.environment},
      {"version", r.version},
      {"previous", r.previous},
      {"state", r.state()},
      {"weight", r.weight_bp / 10000.0},
      {"match", to_value(r.match)},
      {"mirror", r.mirror_bp / 10000.0},
      {"waiting", r.waiting},
      {"created", format_rfc3339(r.created)},
      {"finished", time_or_null(r.finished)},
      {"actor", r.actor},
      {"reason", r.reason},
      {"cause", r.cause},
      {"cause_kind", r.cause_kind},
      {"decision_to_zero_seconds", std::move(to_zero)},
      {"held_seconds", static_cast<double>(r.held.nanos) / 1e9},
      {"exposure", Map{{"seconds", r.exposure}, {"requests", r.served}, {"bad", r.served_bad}}},
      {"copies", Map{{"requests", r.copied}, {"bad", r.copied_bad}}},
      {"canary", r.canary},
      {"stable", r.stable},
      {"holder", std::move(holder)},
      {"newer_document", std::move(newer)},
      {"stages", stages_data(r, strategy)},
      {"rules", rules_data(r, strategy)},
      {"analyses", judged_data(r)},
      {"events", std::move(events)}};
}

render::Report describe_status(const Rollout& r, const Strategy& strategy,
                               const StatusFacts& facts) {
  render::Report report{"autopilot.deploy-status/v1", status_data(r, strategy, facts), {}};
  report.text.emplace_back(headline(r, facts));
  Tree tree{Line(fmt::format("{} on {}", r.version, r.canary)), {}};
  for (std::size_t i = 0; i < strategy.stages.size(); ++i)
    tree.children.push_back(stage_tree(r, strategy, static_cast<std::int64_t>(i)));
  if (!strategy.rules.empty()) tree.children.push_back(rules_tree(r, strategy));
  report.text.emplace_back(std::move(tree));
  return report;
}

}  // namespace autopilot::deploy
