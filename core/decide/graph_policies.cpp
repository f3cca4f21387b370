// Which policies touch what, as a graph and as a table.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "core/base/text.h"
#include "core/decide/graph.h"

namespace autopilot::decide {
namespace {

using render::Graph;
using render::NodeState;

constexpr char kEveryType[] = "every action type";
constexpr char kEveryAlgorithm[] = "every algorithm";

enum Stage : std::size_t { kAlgorithms, kOwners, kTypes };

// Rules by what they are for.
using RulesByType = std::map<std::string, std::vector<std::string>>;

template <class Rules>
void note(const Rules& rules, RulesByType& out) {
  for (const policy::Rule& rule : rules) {
    if (rule.types.empty()) out[kEveryType].push_back(rule.name);
    for (const std::string& type : rule.types) out[type].push_back(rule.name);
  }
}

RulesByType rules_by_type(const policy::Policy& policy) {
  RulesByType out;
  note(policy.mutations, out);
  note(policy.guards, out);
  note(policy.limits, out);
  return out;
}

std::vector<std::string> algorithms_of(const policy::Policy& policy) {
  if (policy.scope == policy::Scope::algorithm) return policy.algorithms;
  return {kEveryAlgorithm};
}

std::string segment_text(const policy::Policy& policy) {
  std::vector<std::string> parts;
  for (const policy::Selector& s : policy.selector)
    parts.push_back(fmt::format("{} {}", s.attribute, join(s.values, "|")));
  return join(parts, ", ");
}

std::string condition_text(const policy::Policy& policy) {
  std::vector<std::string> parts;
  if (!policy.enabled) parts.emplace_back("disabled");
  if (policy.mode == policy::Mode::monitor) parts.emplace_back("monitor");
  if (policy.rollout < 1) parts.push_back(fmt::format("{:.4g} %", policy.rollout * 100));
  for (const policy::Gate& gate : policy.gates) parts.push_back("gate " + gate.name);
  if (policy.cron) parts.push_back("at " + *policy.cron);
  if (policy.expires) parts.push_back("until " + format_rfc3339(*policy.expires));
  return join(parts, ", ");
}

std::vector<const policy::Policy*> by_id(const std::vector<policy::Policy>& policies) {
  std::vector<const policy::Policy*> out;
  for (const policy::Policy& p : policies) out.push_back(&p);
  std::sort(out.begin(), out.end(), [](const auto* a, const auto* b) { return a->id < b->id; });
  return out;
}

class PoliciesGraph {
 public:
  Graph make(const std::vector<policy::Policy>& policies) {
    graph_.title = fmt::format("{} polic{}", policies.size(), policies.size() == 1 ? "y" : "ies");
    graph_.description =
        "From left to right: algorithms, policies, and the action types that their rules are for.";
    graph_.stages = {"algorithms", "policies", "action types"};
    for (const policy::Policy* policy : by_id(policies)) add(*policy);
    render::drop_empty_stages(graph_);
    return std::move(graph_);
  }

 private:
  void add(const policy::Policy& policy) {
    graph_.groups.push_back("policy " + policy.id);
    const std::size_t group = graph_.groups.size() - 1;
    const bool monitor = policy.mode == policy::Mode::monitor;
    graph_.nodes.push_back({"policy", policy.id, policy.description, condition_text(policy),
                            policy.enabled ? NodeState::plain : NodeState::skip, monitor, false,
                            kOwners, group});
    const std::size_t node = graph_.nodes.size() - 1;
    for (const std::string& algorithm : algorithms_of(policy)) {
      graph_.edges.push_back({shared("algorithm", algorithm, kAlgorithms, group), node,
                              segment_text(policy), NodeState::plain, monitor});
    }
    for (const auto& [type, rules] : rules_by_type(policy)) {
      graph_.edges.push_back({node, shared("action type", type, kTypes, group), join(rules, ", "),
                              NodeState::plain, monitor});
    }
  }

  std::size_t shared(const std::string& kind, const std::string& name, Stage stage,
                     std::size_t group) {
    const auto [at, is_new] = known_.try_emplace({kind, name}, graph_.nodes.size());
    const bool every = name == kEveryType || name == kEveryAlgorithm;
    if (is_new) {
      graph_.nodes.push_back(
          {every ? "" : kind, name, "", "", NodeState::plain, false, true, stage, group});
    }
    return at->second;
  }

  Graph graph_;
  std::map<std::pair<std::string, std::string>, std::size_t> known_;
};

}  // namespace

render::Graph policies_graph(const std::vector<policy::Policy>& policies) {
  return PoliciesGraph().make(policies);
}

render::Table policies_table(const std::vector<policy::Policy>& policies) {
  render::Table table{{"policy", "algorithms", "action types", "segment", "when"}, {}, {}};
  for (const policy::Policy* p : by_id(policies)) {
    std::vector<std::string> types;
    for (const auto& [type, rules] : rules_by_type(*p)) types.push_back(type);
    table.rows.push_back({render::Line({{p->id, render::Tone::strong}}),
                          join(algorithms_of(*p), ", "), join(types, ", "), segment_text(*p),
                          condition_text(*p)});
  }
  return table;
}

}  // namespace autopilot::decide
