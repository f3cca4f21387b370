#include "core/decide/summary.h"

#include <fmt/format.h>

#include "core/base/json.h"

namespace autopilot::decide {
namespace {

using render::Line;
using render::Run;
using render::Tone;
using render::Tree;

Tone tone_of(std::string_view result) {
  if (result == "allowed") return Tone::good;
  if (result == "modified") return Tone::changed;
  return result == "pending" ? Tone::warn : Tone::bad;
}

std::string text_at(const Value& value, std::string_view key) {
  const Value* v = value.get(key);
  if (v == nullptr || v->is_null()) return {};
  return v->is_string() ? v->as_string() : to_json(*v);
}

std::string first_of(const Value& value, std::initializer_list<const char*> keys) {
  for (const char* key : keys) {
    std::string text = text_at(value, key);
    if (!text.empty()) return text;
  }
  return {};
}

std::string target_of(const Value& action) {
  std::string target = text_at(action, "target");
  const Value* data = action.get("data");
  if (target.empty() && data != nullptr) target = first_of(*data, {"destination_id", "channel"});
  return target.empty() ? text_at(action, "id") : target;
}

// "policy/rule: message", the policy left out for the engine's own rules.
std::string why_text(const Value& reason) {
  const std::string policy = text_at(reason, "policy");
  return fmt::format("{}{}{}: {}", policy, policy.empty() ? "" : "/", text_at(reason, "rule"),
                     text_at(reason, "message"));
}

// The first reason that made the result what it is; what is said besides is in `show`.
std::string main_reason(const Value& decision) {
  const std::string result = text_at(decision, "result");
  const std::string effect = result == "blocked"    ? "block"
                             : result == "pending"  ? "approve"
                             : result == "modified" ? "modify"
                                                    : "warn";
  const Value* reasons = decision.get("reasons");
  if (reasons == nullptr || !reasons->is_list()) return {};
  for (const Value& r : reasons->as_list()) {
    if (r.get("monitor") == nullptr && text_at(r, "effect") == effect) return why_text(r);
  }
  return {};
}

void count_text(std::string& out, std::size_t count, const char* what) {
  if (count == 0) return;
  if (!out.empty()) out += ", ";
  out += fmt::format("{} {}", count, what);
}

}  // namespace

std::string new_run(World& world) {
  const Instant now = world.clock.now();
  const DecisionId id{(now.seconds * 1000 + now.nanos / 1'000'000) << 12 |
                          static_cast<std::int64_t>(world.random.next() & 0xFFF),
                      world.random.next()};
  return "run-" + id.text();
}

std::string tally_text(const Tally& tally, std::size_t faults, bool dry_run) {
  const std::size_t all = tally.allowed + tally.modified + tally.pending + tally.blocked;
  std::string parts;
  count_text(parts, tally.allowed, "allowed");
  count_text(parts, tally.modified, "modified");
  count_text(parts, tally.pending, "pending");
  count_text(parts, tally.blocked, "blocked");
  std::string out =
      fmt::format("{} action{}{}{}", all, all == 1 ? "" : "s", parts.empty() ? "" : ": ", parts);
  if (tally.repeated > 0) out += fmt::format(" ({} answered from before)", tally.repeated);
  if (faults > 0) out += fmt::format("; {} bad line{}", faults, faults == 1 ? "" : "s");
  if (dry_run) out += "; dry run, nothing recorded";
  return out;
}

render::Report summarise_lines(std::string_view lines) {
  render::Report report{"autopilot.decisions/v1", {}, {}};
  render::Table table{{"result", "action", "target", "why"}, {}, {}};
  while (!lines.empty()) {
    const std::size_t end = lines.find('\n');
    const JsonResult parsed = parse_json(lines.substr(0, end));
    lines.remove_prefix(end + 1);
    const std::string result = text_at(parsed.value, "result");
    const Value* action = parsed.value.get("action");
    table.rows.push_back({Line({{result, tone_of(result)}}), Line(text_at(*action, "type")),
                          Line(target_of(*action)), Line(main_reason(parsed.value))});
  }
  if (!table.rows.empty()) report.text.push_back(std::move(table));
  return report;
}

namespace {

const char* mark_of(StepStatus status) {
  switch (status) {
    case StepStatus::pass:
      return "pass";
    case StepStatus::fail:
      return "FAIL";
    case StepStatus::skip:
      return "skip";
    case StepStatus::error:
      return "ERROR";
  }
  return "";
}

Tone tone_of(StepStatus status) {
  switch (status) {
    case StepStatus::pass:
      return Tone::good;
    case StepStatus::skip:
      return Tone::dim;
    default:
      return Tone::bad;
  }
}

// {"metrics.cvr_1h":0.015,"segment.geo":"US"} → "metrics.cvr_1h = 0.015, segment.geo = "US"".
std::string operands(std::string_view values) {
  const JsonResult parsed = parse_json(values);
  std::string out;
  if (!parsed.ok || !parsed.value.is_map()) return out;
  for (const auto& [name, value] : parsed.value.as_map()) {
    if (!out.empty()) out += ", ";
    out += value.is_null() ? name + " is missing" : fmt::format("{} = {}", name, to_json(value));
  }
  return out;
}

Tree tree_of(const TraceStep& step) {
  Line line({{mark_of(step.status), tone_of(step.status)},
             {fmt::format("  {} {}", step.kind, step.name), Tone::plain},
             {step.text.empty() ? "" : ": " + step.text, Tone::dim}});
  std::string seen = step.kind == "limit" ? std::string() : operands(step.values);
  if (!step.detail.empty()) seen = seen.empty() ? step.detail : step.detail + "; " + seen;
  Tree tree{std::move(line), {}};
  if (!seen.empty()) tree.children.push_back({Line({{seen, Tone::plain}}), {}});
  return tree;
}

std::string monitor_result(const Value& decision, const std::string& policy) {
  const Value* monitor = decision.get("monitor");
  if (monitor == nullptr || !monitor->is_list()) return {};
  for (const Value& m : monitor->as_list()) {
    if (text_at(m, "policy") == policy) return text_at(m, "result");
  }
  return {};
}

Tree tree_of(const PolicyTrace& policy, const Value& decision) {
  std::string state = policy.applied ? "applies" : "does not apply";
  if (!policy.why.empty()) state += ": " + policy.why;
  if (policy.monitor) {
    const std::string result = monitor_result(decision, policy.id);
    state =
        fmt::format("monitor, {}{}", state, result.empty() ? "" : "; would have been " + result);
  }
  Tree tree{Line({{"policy " + policy.id, Tone::strong},
                  {"  " + state, policy.applied ? Tone::plain : Tone::dim}}),
            {}};
  for (const TraceStep& step : policy.steps) tree.children.push_back(tree_of(step));
  return tree;
}

Value json_of(const PolicyTrace& policy) {
  List steps;
  for (const TraceStep& s : policy.steps) {
    steps.push_back(Map{{"kind", s.kind},
                        {"name", s.name},
                        {"status", to_string(s.status)},
                        {"text", s.text},
                        {"detail", s.detail},
                        {"values", parse_json(s.values).value}});
  }
  return Map{{"id", policy.id},
             {"mode", policy.monitor ? "monitor" : "enforce"},
             {"applied", policy.applied},
             {"why", policy.why},
             {"steps", std::move(steps)}};
}

Tree reasons_tree(const Value& decision) {
  Tree tree{Line({{"reasons", Tone::strong}}), {}};
  for (const Value& r : decision.get("reasons")->as_list()) {
    const std::string effect = text_at(r, "effect");
    const bool monitor = r.get("monitor") != nullptr;
    const Tone tone = monitor                                   ? Tone::dim
                      : effect == "block"                       ? Tone::bad
                      : effect == "warn" || effect == "approve" ? Tone::warn
                                                                : Tone::changed;
    tree.children.push_back(
        {Line({{(monitor ? "would " : "") + effect, tone}, {"  " + why_text(r), Tone::plain}}),
         {}});
  }
  return tree;
}

Line fact(const char* name, const std::string& text) {
  return Line({{fmt::format("{:<9}", name), Tone::dim}, {text, Tone::plain}});
}

}  // namespace

render::Report describe(std::string_view record, const Trace& trace, bool same) {
  Value decision = parse_json_or_throw(record, "the recorded decision");
  render::Report report{"autopilot.show/v1", {}, {}};
  const Value& action = *decision.get("action");
  const std::string result = text_at(decision, "result");
  Tree root{
      Line({{result, tone_of(result)}, {"  decision " + text_at(decision, "id"), Tone::strong}}),
      {}};
  const auto add = [&](const char* name, const std::string& text) {
    root.children.push_back({fact(name, text), {}});
  };
  add("action", fmt::format("{} by {} on {}", text_at(action, "type"),
                            first_of(action, {"algorithm", "algo_key"}), target_of(action)));
  add("proposed", to_json(*decision.get("proposed")));
  if (!(*decision.get("proposed") == action)) add("final", to_json(action));
  add("context", to_json(*decision.get("context")));
  add("risk", text_at(decision, "risk"));
  add("taken", fmt::format("at {} in {} under revision {}", text_at(decision, "time"),
                           text_at(decision, "run"), text_at(decision, "revision")));
  for (const PolicyTrace& p : trace.policies) root.children.push_back(tree_of(p, decision));
  if (!decision.get("reasons")->as_list().empty()) root.children.push_back(reasons_tree(decision));
  report.text.push_back(std::move(root));
  if (!same) {
    report.text.push_back(
        render::Paragraph{Line({{"Deciding this record again gives other bytes: the record was "
                                 "changed, or autopilot has a bug.",
                                 Tone::bad}})});
  }
  List policies;
  for (const PolicyTrace& p : trace.policies) policies.push_back(json_of(p));
  report.data =
      Map{{"decision", std::move(decision)}, {"policies", std::move(policies)}, {"replays", same}};
  return report;
}

render::Report describe(const ReplaySummary& summary) {
  render::Report report{"autopilot.replay/v1", {}, {}};
  List examples;
  for (const ReplayDifference& d : summary.examples) {
    examples.push_back(Map{{"id", d.id},
                           {"recorded", parse_json(d.recorded).value},
                           {"replayed", parse_json(d.replayed).value}});
    std::size_t at = 0;
    while (at < d.recorded.size() && at < d.replayed.size() && d.recorded[at] == d.replayed[at])
      ++at;
    const std::size_t from = at < 30 ? 0 : at - 30;
    report.text.push_back(render::Lines{
        {Line({{d.id, Tone::bad}, {fmt::format(" differs from byte {} on", at + 1), Tone::plain}}),
         Line("  recorded …" + d.recorded.substr(from, 90)),
         Line("  replayed …" + d.replayed.substr(from, 90))}});
  }
  report.data = Map{{"checked", summary.checked},
                    {"equal", summary.checked - summary.differing},
                    {"differing", summary.differing},
                    {"examples", std::move(examples)}};
  const bool good = summary.differing == 0;
  report.text.push_back(
      render::Lines{{Line({{fmt::format("{} of {} decisions replay to the same bytes",
                                        summary.checked - summary.differing, summary.checked),
                            good ? Tone::good : Tone::bad}})}});
  return report;
}

render::Report describe(const Comparison& comparison, std::string_view against) {
  render::Report report{"autopilot.replay_against/v1", {}, {}};
  List groups;
  render::Table table{{"policy", "rule", "before", "after", "decisions", "for example"},
                      {},
                      {false, false, false, false, true}};
  render::Lines notes;
  for (const auto& [key, group] : comparison.groups()) {
    groups.push_back(Map{{"policy", key.policy},
                         {"rule", key.rule},
                         {"before", to_string(key.before)},
                         {"after", to_string(key.after)},
                         {"count", group.count},
                         {"example", group.example},
                         {"message", group.message},
                         {"action_before", parse_json(group.action_before).value},
                         {"action_after", parse_json(group.action_after).value}});
    table.rows.push_back(
        {Line(key.policy.empty() ? "-" : key.policy), Line(key.rule.empty() ? "-" : key.rule),
         Line({{std::string(to_string(key.before)), tone_of(to_string(key.before))}}),
         Line({{std::string(to_string(key.after)), tone_of(to_string(key.after))}}),
         Line(fmt::format("{}", group.count)), Line(group.example)});
    if (!group.message.empty())
      notes.lines.push_back(
          Line({{group.example + "  ", Tone::dim}, {group.message, Tone::plain}}));
  }
  report.data = Map{{"against", against},
                    {"checked", comparison.checked()},
                    {"differing", comparison.differing()},
                    {"groups", std::move(groups)}};
  if (!table.rows.empty()) report.text.push_back(std::move(table));
  if (!notes.lines.empty()) report.text.push_back(std::move(notes));
  report.text.push_back(
      render::Lines{{Line(fmt::format("{} of {} decisions would differ under {}",
                                      comparison.differing(), comparison.checked(), against))}});
  return report;
}

}  // namespace autopilot::decide
