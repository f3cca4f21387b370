#include "core/decide/graph.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "core/base/json.h"
#include "core/decide/line_texts.h"

namespace autopilot::decide {
namespace {

using render::Graph;
using render::GraphEdge;
using render::GraphNode;
using render::NodeState;

enum Stage : std::size_t { kInputs, kPolicies, kGates, kMutations, kGuards, kLimits, kResult };

Stage stage_of(std::string_view kind) {
  if (kind == "mutation") return kMutations;
  if (kind == "guard") return kGuards;
  return kind == "limit" ? kLimits : kGates;
}

NodeState state_of(StepStatus status) {
  switch (status) {
    case StepStatus::pass:
      return NodeState::pass;
    case StepStatus::fail:
      return NodeState::fail;
    case StepStatus::skip:
      return NodeState::skip;
    case StepStatus::error:
      return NodeState::error;
  }
  return NodeState::plain;
}

NodeState state_of_result(const std::string& result) {
  if (result == "blocked") return NodeState::fail;
  return result == "allowed" ? NodeState::pass : NodeState::plain;
}

class GraphMaker {
 public:
  GraphMaker(const Value& decision, bool brief) : decision_(decision), brief_(brief) {
    graph_.stages = {"inputs", "policies", "gates", "mutations", "guards", "limits", "result"};
    graph_.groups = {""};
  }

  Graph make(const Trace& trace) {
    add_action();
    add_result();
    for (const PolicyTrace& policy : trace.policies) {
      if (!brief_ || policy.applied || gave_reason(policy)) add_policy(policy);
    }
    add_own_reasons();
    connect(action_, result_, changed() ? "changed" : "unchanged", NodeState::plain, false);
    describe();
    render::drop_empty_stages(graph_);
    return std::move(graph_);
  }

 private:
  std::size_t add(GraphNode node) {
    graph_.nodes.push_back(std::move(node));
    return graph_.nodes.size() - 1;
  }

  void connect(std::size_t from, std::size_t to, std::string label, NodeState state, bool dashed) {
    graph_.edges.push_back({from, to, std::move(label), state, dashed});
  }

  bool changed() const { return !(*decision_.get("action") == *decision_.get("proposed")); }

  void add_action() {
    const Value& proposed = *decision_.get("proposed");
    const Value* data = proposed.get("data");
    action_ =
        add({"action", text_at(proposed, "type"),
             fmt::format("{} on {}", first_of(proposed, {"algorithm", "algo_key"}),
                         target_of(proposed)),
             data == nullptr ? "" : to_json(*data), NodeState::plain, false, false, kInputs, 0});
  }

  void add_result() {
    const std::string result = text_at(decision_, "result");
    const Value* data = decision_.get("action")->get("data");
    result_ = add({"result", result, "risk " + text_at(decision_, "risk"),
                   !changed() || data == nullptr ? "" : to_json(*data), state_of_result(result),
                   false, false, kResult, 0});
  }

  bool gave_reason(const PolicyTrace& policy) const {
    const List& reasons = decision_.get("reasons")->as_list();
    return std::any_of(reasons.begin(), reasons.end(),
                       [&](const Value& r) { return text_at(r, "policy") == policy.id; });
  }

  void add_policy(const PolicyTrace& policy) {
    graph_.groups.push_back("policy " + policy.id);
    const std::size_t group = graph_.groups.size() - 1;
    const std::string state = policy.applied ? "applies" : "does not apply";
    const std::size_t node =
        add({"policy", policy.id, policy.why.empty() ? state : state + ": " + policy.why,
             policy.monitor ? "in monitor mode" : "",
             policy.applied ? NodeState::pass : NodeState::skip, policy.monitor, false, kPolicies,
             group});
    connect(action_, node, "", NodeState::plain, policy.monitor);
    std::string_view last;  // a `set` of several fields makes several steps
    for (const TraceStep& step : policy.steps) {
      if (brief_ && step.status == StepStatus::skip) continue;
      const std::size_t rule = add_rule(policy, step, node, group);
      if (step.name != last) add_reasons(policy, step, rule);
      last = step.name;
    }
  }

  std::size_t add_rule(const PolicyTrace& policy, const TraceStep& step, std::size_t node,
                       std::size_t group) {
    const NodeState state = state_of(step.status);
    const std::size_t rule = add({std::string(step.kind), step.name, step.text, step.detail, state,
                                  policy.monitor, false, stage_of(step.kind), group});
    connect(node, rule, "", NodeState::plain, policy.monitor);
    const JsonResult values = parse_json(step.values);
    if (!values.ok || !values.value.is_map()) return rule;
    if (step.kind == "limit" && values.value.get("used") != nullptr) {
      add_account(policy, step, values.value, rule, group);
      return rule;
    }
    for (const auto& [name, value] : values.value.as_map()) {
      connect(input("input", name, group), rule, value.is_null() ? "missing" : to_json(value),
              state, policy.monitor);
    }
    return rule;
  }

  // What a limit's account held.
  void add_account(const PolicyTrace& policy, const TraceStep& step, const Value& values,
                   std::size_t rule, std::size_t group) {
    std::string name = fmt::format("{}/{}", policy.id, step.name);
    const std::string key = text_at(values, "key");
    if (!key.empty()) name += " " + key;
    connect(input("ledger", name, group), rule, text_at(values, "used") + " used",
            state_of(step.status), policy.monitor);
  }

  std::size_t input(const std::string& kind, const std::string& name, std::size_t group) {
    const auto [at, is_new] = inputs_.try_emplace({kind, name}, 0);
    if (is_new)
      at->second = add({kind, name, "", "", NodeState::plain, false, true, kInputs, group});
    return at->second;
  }

  // What a rule did to the result. A policy may be in the trace once only, so its id tells.
  void add_reasons(const PolicyTrace& policy, const TraceStep& step, std::size_t rule) {
    for (const Value& reason : decision_.get("reasons")->as_list()) {
      if (text_at(reason, "policy") == policy.id && text_at(reason, "rule") == step.name)
        connect_reason(reason, rule);
    }
  }

  void connect_reason(const Value& reason, std::size_t rule) {
    const std::string effect = text_at(reason, "effect");
    const bool monitor = reason.get("monitor") != nullptr;
    std::string label = monitor ? "would " + effect : effect;
    if (effect == "modify" || effect == "approve") label += " " + text_at(reason, "message");
    const bool stops = effect == "block" && !monitor;
    connect(rule, result_, std::move(label), stops ? NodeState::fail : NodeState::plain, monitor);
  }

  // Reasons of the engine itself: unknown types, a failing risk model, overrides.
  void add_own_reasons() {
    for (const Value& reason : decision_.get("reasons")->as_list()) {
      if (!text_at(reason, "policy").empty()) continue;
      const bool blocks = text_at(reason, "effect") == "block";
      const std::size_t node =
          add({"engine", text_at(reason, "rule"), text_at(reason, "message"), "",
               blocks ? NodeState::fail : NodeState::plain, false, false, kPolicies, 0});
      connect(action_, node, "", NodeState::plain, false);
      connect_reason(reason, node);
    }
  }

  void describe() {
    graph_.title =
        fmt::format("{} decision {}", text_at(decision_, "result"), text_at(decision_, "id"));
    graph_.description = fmt::format(
        "Taken at {} under revision {}. From left to right: the action and what was "
        "read, the policies, their gates, mutations, guards and limits, the result.",
        text_at(decision_, "time"), text_at(decision_, "revision"));
  }

  const Value& decision_;
  const bool brief_;
  Graph graph_;
  std::size_t action_ = 0, result_ = 0;
  std::map<std::pair<std::string, std::string>, std::size_t> inputs_;
};

}  // namespace

render::Graph decision_graph(const Value& decision, const Trace& trace, bool brief) {
  return GraphMaker(decision, brief).make(trace);
}

}  // namespace autopilot::decide
