// Guards that add nothing to a wider guard of the same effect, and gates that another gate implies.
#include <fmt/format.h>

#include <algorithm>

#include "core/base/text.h"
#include "core/policy/lint_checks.h"

namespace autopilot::policy {
namespace {

const Guard& guard_of(const LintRule& rule) { return static_cast<const Guard&>(*rule.rule); }

bool contains_all(const std::vector<std::string>& some, const std::vector<std::string>& parts) {
  return std::all_of(parts.begin(), parts.end(), [&](const std::string& part) {
    return std::find(some.begin(), some.end(), part) != some.end();
  });
}

// What the guard `wide` must have in common with `narrow`, conditions aside.
bool has_effect_of(const Guard& wide, const Guard& narrow) {
  if (wide.kind != narrow.kind) return false;
  switch (narrow.kind) {
    case Guard::Kind::deny:
      return true;
    case Guard::Kind::require:
      return contains_all(wide.require, narrow.require);
    case Guard::Kind::approve:
      return wide.approvals >= narrow.approvals;
    case Guard::Kind::warn:  // its message is all that it does
      return wide.message == narrow.message &&
             (!wide.message.empty() || wide.condition.source == narrow.condition.source);
  }
  return false;
}

class ShadowCheck {
 public:
  ShadowCheck(LintModel& model, Findings& findings)
      : model_(model), findings_(findings), coverage_(model, findings), index_(model.logic()) {}

  void run() {
    for (const LintPolicy& p : model_.policies()) {
      check_gates(p);
      if (!p.acts) continue;
      for (const LintRule& g : p.guards) {
        for (const std::string& subject : subjects(g, false)) index_.add(subject, {&p, &g});
      }
    }
    index_.build();
    for (const LintPolicy& p : model_.policies()) {
      if (!p.acts) continue;
      for (const LintRule& g : p.guards) look_up({&p, &g});
    }
  }

 private:
  static std::string key_of(const Guard& guard, std::string_view input) {
    return fmt::format("{} {}", static_cast<int>(guard.kind), input);
  }

  // A guard can only shadow one that reads something of what its own condition reads.
  std::vector<std::string> subjects(const LintRule& rule, bool all_inputs) const {
    const Guard& guard = guard_of(rule);
    std::vector<std::string> out;
    for (const std::string& field : guard.require) out.push_back(key_of(guard, field));
    const auto add = [&](const LintCondition& c) {
      for (const expr::Path& path : c.inputs) out.push_back(key_of(guard, join(path, ".")));
    };
    if (rule.condition) add(*rule.condition);
    if (!all_inputs && out.empty()) out.push_back(key_of(guard, ""));
    if (all_inputs) {
      out.push_back(key_of(guard, ""));
      if (rule.when) add(*rule.when);
      for (const LintCondition& gate : model_.policies()[rule.policy].gates) add(gate);
    }
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
  }

  // The ways in which the guard stops an action, or does what else it does.
  std::vector<FormulaId> effects(const Candidate& c) {
    if (!c.rule->condition) return {};
    Logic& logic = model_.logic();
    const LintCondition& condition = *c.rule->condition;
    const bool denies = guard_of(*c.rule).kind == Guard::Kind::deny;
    return {denies && !c.policy->skips() ? logic.any({condition.yes, condition.fails})
                                         : condition.yes};
  }

  static std::vector<FormulaId> fires(const Candidate& c) {
    return c.rule->condition ? std::vector<FormulaId>{c.rule->condition->yes}
                             : std::vector<FormulaId>();
  }

  // The ways in which its condition leaves an action alone.
  std::vector<FormulaId> misses(const Candidate& c) const {
    if (!c.rule->condition) return {};
    std::vector<FormulaId> out{c.rule->condition->no};
    if (c.policy->skips()) out.push_back(c.rule->condition->fails);
    std::erase(out, Logic::kNo);
    return out;
  }

  bool may_shadow(const Candidate& wide, const Candidate& narrow) const {
    if (wide.rule == narrow.rule || !has_effect_of(guard_of(*wide.rule), guard_of(*narrow.rule)))
      return false;
    if (wide.policy == narrow.policy) return true;
    // A remark names the policy that makes it: another one's is no substitute.
    if (guard_of(*narrow.rule).kind == Guard::Kind::warn) return false;
    return wide.policy->enforces() && narrow.policy->enforces() &&
           outlasts(*wide.policy->policy, *narrow.policy->policy);
  }

  // Whatever blocks by failing must be blocked by the other one too.
  bool covers_failures(const Candidate& wide, const Candidate& narrow) {
    if (narrow.policy->skips()) return true;
    std::vector<FormulaId> failures;
    if (narrow.rule->when) failures.push_back(narrow.rule->when->fails);
    const bool denies = guard_of(*narrow.rule).kind == Guard::Kind::deny;
    if (!denies && narrow.rule->condition) failures.push_back(narrow.rule->condition->fails);
    for (const FormulaId failure : failures) {
      if (failure != Logic::kNo && !failure_is_covered(failure, wide, narrow)) return false;
    }
    return true;
  }

  bool failure_is_covered(FormulaId failure, const Candidate& wide, const Candidate& narrow) {
    const bool same = wide.policy == narrow.policy;
    std::vector<FormulaId> when{failure, narrow.rule->types};
    if (!same) {
      when.push_back(narrow.policy->scope);
      for (const LintCondition& gate : narrow.policy->gates) when.push_back(gate.yes);
    }
    std::vector<FormulaId> ways = wide.rule->reach(same).misses;
    const FormulaId reached = wide.rule->when ? wide.rule->when->yes : Logic::kYes;
    const FormulaId idle = wide.rule->condition ? does_not_block(wide) : Logic::kYes;
    ways.push_back(model_.logic().all({reached, idle}));
    return std::all_of(ways.begin(), ways.end(), [&](FormulaId way) {
      std::vector<FormulaId> all = when;
      all.push_back(way);
      return model_.logic().possible(all) == expr::Answer::no;
    });
  }

  FormulaId does_not_block(const Candidate& c) {
    const LintCondition& condition = *c.rule->condition;
    std::vector<FormulaId> out{condition.no};
    if (guard_of(*c.rule).kind != Guard::Kind::deny) out.push_back(condition.yes);
    if (c.policy->skips()) out.push_back(condition.fails);
    return model_.logic().any(std::move(out));
  }

  bool shadows(const Candidate& wide, const Candidate& narrow) {
    return coverage_.by(wide, misses(wide)) && covers_failures(wide, narrow);
  }

  void look_up(const Candidate& narrow) {
    coverage_.of(narrow, effects(narrow), fires(narrow));
    if (coverage_.never_fires()) return;
    const auto stands_in = [&](const Candidate& wide) {
      if (!may_shadow(wide, narrow) || !shadows(wide, narrow) || is_twin(wide, narrow))
        return false;
      report(wide, narrow);
      return true;
    };
    for (const std::string& subject : subjects(*narrow.rule, true)) {
      if (index_.any(subject, coverage_.facts(), stands_in)) return;
    }
  }

  // Of two guards that do the same, the first one stays.
  bool is_twin(const Candidate& wide, const Candidate& narrow) {
    const auto place = [](const Candidate& c) { return std::pair(c.rule->policy, c.rule->index); };
    if (place(wide) < place(narrow) || !may_shadow(narrow, wide)) return false;
    Coverage other(model_, findings_);
    other.of(wide, effects(wide), fires(wide));
    return other.by(narrow, misses(narrow)) && covers_failures(narrow, wide);
  }

  void report(const Candidate& wide, const Candidate& narrow) {
    constexpr std::string_view kDoes[] = {"blocks", "blocks", "asks for approval", "warns"};
    const std::string_view does = kDoes[static_cast<std::size_t>(guard_of(*narrow.rule).kind)];
    Finding& f =
        findings_.warning("shadowed-rule", narrow.rule->spot(narrow.rule->condition_field),
                          fmt::format("{} adds nothing: whenever it {}, {} {} too",
                                      called(model_, *narrow.rule, narrow.rule->policy), does,
                                      called(model_, *wide.rule, narrow.rule->policy), does));
    f.help = "remove it, or make its condition wider than the other one's";
    f.related.emplace_back("the wider one is here", wide.rule->spot(wide.rule->condition_field));
  }

  void check_gates(const LintPolicy& p) {
    for (std::size_t i = 0; i < p.gates.size(); ++i) {
      for (std::size_t j = 0; j < p.gates.size(); ++j) {
        if (i == j || !implies(p.gates[j], p.gates[i]) ||
            (j > i && implies(p.gates[i], p.gates[j])))
          continue;
        Finding& f =
            findings_.warning("redundant-gate", p.gate_spot(i),
                              fmt::format("gate {} adds nothing: gate {} already implies it",
                                          p.policy->gates[i].name, p.policy->gates[j].name));
        f.help = "remove it, or make it narrower";
        f.related.emplace_back("the narrower gate is here", p.gate_spot(j));
        break;
      }
    }
  }

  // Whether the gates say the same with `narrow` alone as with both.
  bool implies(const LintCondition& narrow, const LintCondition& wide) const {
    if (narrow.inputs.empty() || wide.inputs.empty()) return false;
    const Logic& logic = model_.logic();
    const auto excluded = [&](FormulaId a, FormulaId b) {
      return logic.possible({a, b}) == expr::Answer::no;
    };
    if (excluded(narrow.yes, narrow.yes)) return false;
    return excluded(wide.no, narrow.yes) && excluded(wide.no, narrow.fails) &&
           excluded(wide.fails, narrow.yes);
  }

  LintModel& model_;
  Findings& findings_;
  Coverage coverage_;
  CoverageIndex index_;
};

}  // namespace

void check_shadows(LintModel& model, Findings& findings) { ShadowCheck(model, findings).run(); }

}  // namespace autopilot::policy
