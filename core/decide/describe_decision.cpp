// `autopilot show`: one decision as a tree.
#include <fmt/format.h>

#include "core/base/json.h"
#include "core/decide/line_texts.h"
#include "core/decide/summary.h"

namespace autopilot::decide {
namespace {

using render::Line;
using render::Tone;
using render::Tree;

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

}  // namespace

render::Tree policy_tree(const PolicyTrace& policy, const Value& decision) {
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

namespace {

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

}  // namespace

render::Tree reasons_tree(const Value& decision) {
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

namespace {

Line fact(const char* name, const std::string& text) {
  return Line({{fmt::format("{:<9}", name), Tone::dim}, {text, Tone::plain}});
}

// "by ada, admin: the CVR is being repaired"; "asked by …, not used" where nothing needed it or the
// role was too low.
std::string override_text(const Value& by) {
  const Value* used = by.get("used");
  const bool is_used = used != nullptr && used->is_bool() && used->as_bool();
  return fmt::format("{} {}, {}: {}{}", is_used ? "by" : "asked by", text_at(by, "actor"),
                     text_at(by, "role"), text_at(by, "reason"), is_used ? "" : " (not used)");
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
  if (const Value* by = decision.get("override")) add("override", override_text(*by));
  for (const PolicyTrace& p : trace.policies) root.children.push_back(policy_tree(p, decision));
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

}  // namespace autopilot::decide
