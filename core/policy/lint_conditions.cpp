// Conditions that are always true or never, gates that contradict each other, and rules that can
// never fire under the gates of their policy.
#include <fmt/format.h>

#include <algorithm>

#include "core/policy/lint_checks.h"

namespace autopilot::policy {
namespace {

using expr::Path;

bool share(const std::vector<Path>& a, const std::vector<Path>& b) {
  return std::any_of(a.begin(), a.end(),
                     [&](const Path& p) { return std::find(b.begin(), b.end(), p) != b.end(); });
}

class ConditionCheck {
 public:
  ConditionCheck(LintModel& model, Findings& findings, const LintPolicy& policy)
      : model_(model), findings_(findings), judge_(model, findings), policy_(policy) {}

  void run() {
    bool sound = true;
    for (std::size_t i = 0; i < policy_.gates.size(); ++i)
      sound &= !judged(policy_.gates[i], policy_.gate_spot(i), "the gate");
    gates_agree_ = sound && !report_contradiction();
    for (const auto* rules : {&policy_.mutations, &policy_.guards, &policy_.limits}) {
      for (const LintRule& rule : *rules) check_rule(rule);
    }
  }

 private:
  // Says when a condition has one outcome only; true when it said so.
  bool judged(const LintCondition& c, const Spot& at, std::string_view what) {
    if (c.inputs.empty()) return false;  // as written: nobody is surprised
    const bool never = judge_.excluded({c.yes}, at);
    const bool always = judge_.excluded({c.no}, at);
    if (!never && !always) {
      if (!c.not_understood.empty())
        findings_.undecided(at, fmt::format("lint does not look into {}", c.not_understood));
      return false;
    }
    const bool may_fail = !judge_.excluded({c.fails}, at);
    if (never && always) {
      report_failure(at, what);
    } else if (never) {
      findings_
          .warning("always-false", at,
                   fmt::format("{} can never be true{}", what, unless(may_fail)))
          .help = "compare it with other values, or remove it";
    } else {
      findings_
          .warning("always-true", at, fmt::format("{} is always true{}", what, unless(may_fail)))
          .help = "compare it with other values, or remove it";
    }
    return true;
  }

  void report_failure(const Spot& at, std::string_view what) {
    findings_
        .warning(
            "always-fails", at,
            fmt::format("{} fails for every input{}", what,
                        policy_.skips() ? ", so it is never true" : ", which blocks the action"))
        .help =
        "numbers of inputs are doubles: write 1.0 beside them in arithmetic, and double() around "
        "whole numbers";
  }

  std::string unless(bool may_fail) const {
    if (!may_fail) return {};
    return policy_.skips() ? ", unless it fails, which counts as false"
                           : ", unless it fails, which blocks the action";
  }

  std::vector<FormulaId> all_gates() const {
    std::vector<FormulaId> out{policy_.scope};
    for (const LintCondition& gate : policy_.gates) out.push_back(gate.yes);
    return out;
  }

  bool report_contradiction() {
    if (policy_.gates.empty() || (policy_.gates.size() == 1 && policy_.scope == Logic::kYes))
      return false;
    const Spot last = policy_.gate_spot(policy_.gates.size() - 1);
    if (!judge_.excluded(all_gates(), last)) return false;
    for (std::size_t j = 0; j < policy_.gates.size(); ++j) {
      const Spot here = policy_.gate_spot(j);
      if (judge_.excluded({policy_.scope, policy_.gates[j].yes}, here)) {
        contradiction(
            here, "the gate contradicts the scope of the policy, so the policy can never apply");
        return true;
      }
      for (std::size_t i = 0; i < j; ++i) {
        if (!judge_.excluded({policy_.scope, policy_.gates[i].yes, policy_.gates[j].yes}, here))
          continue;
        contradiction(
            here, fmt::format("gates {} and {} can never both hold, so the policy can never apply",
                              policy_.policy->gates[i].name, policy_.policy->gates[j].name))
            .related.emplace_back("the other gate is here", policy_.gate_spot(i));
        return true;
      }
    }
    contradiction(last, "the gates can never all hold, so the policy can never apply");
    return true;
  }

  Finding& contradiction(const Spot& at, std::string message) {
    Finding& f = findings_.warning("contradictory-gates", at, std::move(message));
    f.help = "widen one of them, or split the policy in two";
    return f;
  }

  void check_rule(const LintRule& rule) {
    bool sound = true;
    if (rule.when) sound &= !judged(*rule.when, rule.spot("when"), "when");
    if (rule.condition)
      sound &= !judged(*rule.condition, rule.spot(rule.condition_field),
                       std::string(rule.condition_field));
    if (!sound) return;
    if (!report_inner(rule) && gates_agree_) report_outer(rule);
  }

  std::vector<FormulaId> own(const LintRule& rule) const {
    std::vector<FormulaId> out{rule.types};
    if (rule.when) out.push_back(rule.when->yes);
    if (rule.condition) out.push_back(rule.condition->yes);
    return out;
  }

  // The rule's own parts exclude each other.
  bool report_inner(const LintRule& rule) {
    if (rule.types == Logic::kYes && !(rule.when && rule.condition)) return false;
    const std::string_view field = rule.condition ? rule.condition_field : "when";
    if (!rule.condition && !rule.when) return false;
    if (!judge_.excluded(own(rule), rule.spot(field))) return false;
    const bool by_when = rule.when && rule.condition;
    Finding& f = unreachable(rule, by_when ? "its when contradicts it" : "it contradicts for");
    if (by_when) f.related.emplace_back("when is here", rule.spot("when"));
    return true;
  }

  void report_outer(const LintRule& rule) {
    if (policy_.scope == Logic::kYes && !reads_what_gates_read(rule)) return;
    std::vector<FormulaId> everything = all_gates();
    const std::vector<FormulaId> mine = own(rule);
    everything.insert(everything.end(), mine.begin(), mine.end());
    if (!rule.when && !rule.condition) return;
    if (!judge_.excluded(everything, rule.spot())) return;
    for (std::size_t i = 0; i < policy_.gates.size(); ++i) {
      std::vector<FormulaId> one = mine;
      one.push_back(policy_.gates[i].yes);
      if (!judge_.excluded(one, rule.spot())) continue;
      unreachable(rule, fmt::format("gate {} contradicts it", policy_.policy->gates[i].name))
          .related.emplace_back("the gate is here", policy_.gate_spot(i));
      return;
    }
    unreachable(rule, policy_.gates.empty()
                          ? "the scope of the policy contradicts it"
                          : "the gates and the scope of the policy contradict it");
  }

  bool reads_what_gates_read(const LintRule& rule) const {
    return std::any_of(policy_.gates.begin(), policy_.gates.end(), [&](const LintCondition& gate) {
      return (rule.when && share(rule.when->inputs, gate.inputs)) ||
             (rule.condition && share(rule.condition->inputs, gate.inputs)) ||
             (rule.types != Logic::kYes && share(gate.inputs, {{"action", "type"}}));
    });
  }

  Finding& unreachable(const LintRule& rule, const std::string& why) {
    const std::string_view field = rule.condition ? rule.condition_field : "when";
    Finding& f = findings_.warning(
        "unreachable-rule", rule.spot(field),
        fmt::format("{} can never fire: {}", called(model_, rule, rule.policy), why));
    f.help = policy_.skips()
                 ? "widen one of them, or remove the rule"
                 : "widen one of them, or remove the rule; until then it only blocks when it fails";
    return f;
  }

  LintModel& model_;
  Findings& findings_;
  Judge judge_;
  const LintPolicy& policy_;
  bool gates_agree_ = true;
};

}  // namespace

void check_conditions(LintModel& model, Findings& findings) {
  for (const LintPolicy& p : model.policies()) ConditionCheck(model, findings, p).run();
}

}  // namespace autopilot::policy
