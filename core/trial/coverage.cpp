#include "core/trial/coverage.h"

#include <algorithm>

#include "core/policy/loader.h"
#include "core/policy/places.h"

namespace autopilot::trial {
namespace {

using decide::CompiledPolicy;
using decide::CompiledSet;
using decide::Condition;
using decide::StepStatus;

// The boolean conditions of a rule, with what their two ways are called.
struct Ways {
  const Condition* condition = nullptr;
  const char* yes;
  const char* no;
};

std::vector<Ways> ways_of(const std::unique_ptr<Condition>& own, const char* yes, const char* no,
                          const std::unique_ptr<Condition>& when) {
  std::vector<Ways> out;
  for (const Ways& ways : {Ways{own.get(), yes, no}, Ways{when.get(), "when true", "when false"}}) {
    if (ways.condition != nullptr && !ways.condition->constant_true) out.push_back(ways);
  }
  return out;
}

// A rule as all sections see it: its conditions in a fixed order, then what it can do besides.
struct RuleView {
  std::string_view kind;
  std::string_view section;
  std::size_t index;
  const std::string* name;
  std::vector<Ways> conditions;
  std::vector<const char*> does;
};

std::vector<const char*> deeds_of(const decide::CompiledMutation& mutation) {
  if (mutation.model->kind == policy::Mutation::Kind::set) return {"changes"};
  return {"changes", "leaves as is"};
}

std::vector<RuleView> rules_of(const CompiledPolicy& p) {
  static const std::unique_ptr<Condition> kNone;
  std::vector<RuleView> out;
  for (std::size_t i = 0; i < p.gates.size(); ++i) {
    out.push_back({"gate",
                   "gates",
                   i,
                   &p.model.gates[i].name,
                   ways_of(p.gates[i], "open", "closed", kNone),
                   {}});
  }
  for (std::size_t i = 0; i < p.mutations.size(); ++i) {
    const decide::CompiledMutation& m = p.mutations[i];
    out.push_back(
        {"mutation", "mutations", i, &m.model->name, ways_of(kNone, "", "", m.when), deeds_of(m)});
  }
  for (std::size_t i = 0; i < p.guards.size(); ++i) {
    const decide::CompiledGuard& g = p.guards[i];
    const bool require = g.condition == nullptr;
    out.push_back(
        {"guard", "guards", i, &g.model->name, ways_of(g.condition, "fires", "passes", g.when),
         require ? std::vector<const char*>{"fires", "passes"} : std::vector<const char*>{}});
  }
  for (std::size_t i = 0; i < p.limits.size(); ++i) {
    const decide::CompiledLimit& l = p.limits[i];
    out.push_back({"limit",
                   "limits",
                   i,
                   &l.model->name,
                   ways_of(kNone, "", "", l.when),
                   {"within", "exceeded"}});
  }
  return out;
}

RuleCoverage coverage_of(const RuleView& rule, const CompiledSet& set,
                         const expr::Environment& environment) {
  RuleCoverage out{rule.kind, *rule.name, {}, 0, {}, rule.does.size()};
  for (const Ways& ways : rule.conditions) {
    out.branches.push_back({ways.yes});
    out.branches.push_back({ways.no});
    const auto tree = clause_tree(ways.condition->program.source(), set, environment);
    if (!tree) continue;
    for (const std::string& text : tree->texts()) {
      out.branches.push_back({text + " true"});
      out.branches.push_back({text + " false"});
    }
  }
  for (const char* deed : rule.does) out.branches.push_back({deed});
  return out;
}

void add_places(PolicyCoverage& out, const std::vector<RuleView>& rules,
                const policy::Document& document) {
  out.span = document.span;
  const YamlNode* kind = document.tree == nullptr ? nullptr : document.tree->find("kind");
  // The rules of an RCPPolicy stand in other places than those of the Policy that it becomes.
  const bool as_written = kind != nullptr && kind->text == "Policy";
  for (std::size_t i = 0; i < rules.size(); ++i) {
    out.rules[i].span =
        as_written ? policy::Places(*document.tree).span(rules[i].section, rules[i].index, "name")
                   : document.span;
  }
}

void take(RuleCoverage& rule, const char* branch) {
  for (Branch& b : rule.branches) {
    if (b.name != branch) continue;
    ++b.taken;
    return;
  }
}

bool changed(const decide::Outcome& outcome, std::string_view policy, std::string_view rule) {
  return std::any_of(outcome.reasons.begin(), outcome.reasons.end(), [&](const decide::Reason& r) {
    return r.effect == decide::Effect::modify && r.policy == policy && r.rule == rule;
  });
}

// What a rule did that no condition tells.
const char* deed_of(const RuleCoverage& rule, const decide::TraceStep& step, bool has_changed) {
  const bool passed = step.status == StepStatus::pass;
  if (rule.kind == "mutation") return has_changed ? "changes" : "leaves as is";
  if (rule.kind == "limit") return passed ? "within" : "exceeded";
  return passed ? "passes" : "fires";
}

}  // namespace

std::size_t RuleCoverage::taken() const {
  return static_cast<std::size_t>(
      std::count_if(branches.begin(), branches.end(), [](const Branch& b) { return b.taken > 0; }));
}

double CoverageTotal::share() const {
  return branches == 0 ? 1 : static_cast<double>(branches_taken) / static_cast<double>(branches);
}

CoverageTotal total_of(const PolicyCoverage& policy) {
  CoverageTotal out;
  for (const RuleCoverage& rule : policy.rules) {
    ++out.rules;
    out.rules_evaluated += rule.evaluated > 0 ? 1 : 0;
    out.branches += rule.branches.size();
    out.branches_taken += rule.taken();
  }
  return out;
}

Coverage::Coverage(const CompiledSet& all, const std::vector<policy::Document>& documents)
    : environment_(policy::environment_for(all.project(), true)) {
  for (const CompiledPolicy& p : all.policies()) {
    PolicyCoverage policy{p.model.id, {}, 0, {}};
    const std::vector<RuleView> rules = rules_of(p);
    for (const RuleView& rule : rules) policy.rules.push_back(coverage_of(rule, all, environment_));
    for (const policy::Document& document : documents) {
      if (document.kind == "Policy" && document.id == policy.id)
        add_places(policy, rules, document);
    }
    policies_.push_back(std::move(policy));
  }
  std::sort(policies_.begin(), policies_.end(),
            [](const PolicyCoverage& a, const PolicyCoverage& b) { return a.id < b.id; });
}

PolicyCoverage* Coverage::find(std::string_view id) {
  const auto at = std::lower_bound(
      policies_.begin(), policies_.end(), id,
      [](const PolicyCoverage& p, std::string_view wanted) { return p.id < wanted; });
  return at != policies_.end() && at->id == id ? &*at : nullptr;
}

decide::Watcher* Coverage::watcher(const CompiledSet& set) {
  std::unique_ptr<ClauseWatcher>& watcher = watchers_[&set];
  if (watcher != nullptr) return watcher.get();
  watcher = std::make_unique<ClauseWatcher>(set, environment_);
  for (const CompiledPolicy& p : set.policies()) {
    PolicyCoverage* policy = find(p.model.id);
    if (policy == nullptr) continue;
    const std::vector<RuleView> rules = rules_of(p);
    for (std::size_t i = 0; i < rules.size(); ++i) {
      Branch* at = policy->rules[i].branches.data();
      for (const Ways& ways : rules[i].conditions) {
        watcher->watch(*ways.condition, at);
        const auto tree = clause_tree(ways.condition->program.source(), set, environment_);
        at += 2 + (tree ? 2 * tree->texts().size() : 0);
      }
    }
  }
  return watcher.get();
}

void Coverage::count(const decide::Trace& trace, const decide::Outcome& outcome) {
  for (const decide::PolicyTrace& p : trace.policies) {
    if (PolicyCoverage* policy = find(p.id)) count(*policy, p, outcome);
  }
}

void Coverage::count(PolicyCoverage& policy, const decide::PolicyTrace& trace,
                     const decide::Outcome& outcome) {
  policy.applied += trace.applied ? 1 : 0;
  const RuleCoverage* last = nullptr;  // a `set` of several fields makes several steps
  for (const decide::TraceStep& step : trace.steps) {
    if (step.status == StepStatus::skip) continue;
    for (RuleCoverage& rule : policy.rules) {
      if (rule.name != step.name || rule.kind != step.kind || &rule == last) continue;
      last = &rule;
      ++rule.evaluated;
      if (step.status != StepStatus::error && rule.deeds > 0)
        take(rule, deed_of(rule, step, changed(outcome, policy.id, rule.name)));
    }
  }
}

CoverageTotal Coverage::total() const {
  CoverageTotal out;
  for (const PolicyCoverage& policy : policies_) {
    const CoverageTotal one = total_of(policy);
    out.rules += one.rules;
    out.rules_evaluated += one.rules_evaluated;
    out.branches += one.branches;
    out.branches_taken += one.branches_taken;
  }
  return out;
}

}  // namespace autopilot::trial
