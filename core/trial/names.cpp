// The policies and rules that tests name must exist: a misspelt one would expect nothing.
#include <fmt/format.h>

#include <algorithm>

#include "core/base/text.h"
#include "core/trial/run.h"

namespace autopilot::trial {
namespace {

using Names = std::vector<std::string>;

Names limits_of(const policy::Policy& p) {
  Names out;
  for (const policy::Limit& limit : p.limits) out.push_back(limit.name);
  return out;
}

Names rules_of(const policy::Policy& p) {
  Names out = limits_of(p);
  for (const policy::Gate& gate : p.gates) out.push_back(gate.name);
  for (const policy::Mutation& mutation : p.mutations) out.push_back(mutation.name);
  for (const policy::Guard& guard : p.guards) out.push_back(guard.name);
  if (p.rollout > 0 && p.rollout < 1) out.emplace_back("rollout_key");
  return out;
}

class NameChecker {
 public:
  NameChecker(const std::vector<policy::Policy>& policies, const policy::PolicyTest& test,
              Diagnostics& diagnostics)
      : test_(test), diagnostics_(diagnostics) {
    for (const policy::Policy& p : policies) all_.push_back(p.id);
    for (const policy::Policy& p : policies) {
      if (test.policies.empty() || is_chosen(p.id)) on_trial_.push_back(&p);
    }
  }

  void check() {
    for (const policy::NamedPlace& id : test_.policies) {
      if (std::find(all_.begin(), all_.end(), id.text) == all_.end()) report_policy(id, all_);
    }
    for (const policy::TestCase& one : test_.cases) {
      for (const policy::UsedBefore& used : one.ledger) {
        if (const policy::Policy* p = policy_of(used.policy)) rule_of(used.limit, limits_of(*p), p);
      }
      for (const char* list : {"reasons", "no_reasons"}) {
        const YamlNode* reasons = one.expect.find(list);
        if (reasons == nullptr) continue;
        for (const YamlNode& reason : reasons->items) check_reason(reason);
      }
      if (const YamlNode* monitor = one.expect.find("monitor")) check_monitor(*monitor);
    }
  }

 private:
  bool is_chosen(const std::string& id) const {
    return std::any_of(test_.policies.begin(), test_.policies.end(),
                       [&](const policy::NamedPlace& p) { return p.text == id; });
  }

  void check_reason(const YamlNode& reason) {
    const YamlNode* id = reason.find("policy");
    const YamlNode* rule = reason.find("rule");
    const policy::Policy* p = id == nullptr ? nullptr : policy_of({id->text, id->span});
    if (rule == nullptr || (id != nullptr && p == nullptr)) return;
    rule_of({rule->text, rule->span}, p == nullptr ? any_rules() : rules_of(*p), p);
  }

  // Of all policies on trial, and the engine's own.
  const Names& any_rules() {
    if (!any_rules_.empty()) return any_rules_;
    any_rules_ = {"action_types", "risk", "override"};
    for (const policy::Policy* p : on_trial_) {
      for (std::string& name : rules_of(*p)) any_rules_.push_back(std::move(name));
    }
    return any_rules_;
  }

  void check_monitor(const YamlNode& monitor) {
    for (const YamlEntry& entry : monitor.entries) {
      const policy::Policy* p = policy_of({entry.key, entry.key_span});
      if (p == nullptr || p->mode == policy::Mode::monitor || !first_time(entry.key_span)) continue;
      diagnostics_
          .error("wrong-value", entry.key_span,
                 fmt::format("policy {} is not in monitor mode", entry.key))
          .help = "expect its effect in result and reasons";
    }
  }

  const policy::Policy* policy_of(const policy::NamedPlace& id) {
    for (const policy::Policy* p : on_trial_) {
      if (p->id == id.text) return p;
    }
    Names names;
    for (const policy::Policy* p : on_trial_) names.push_back(p->id);
    report_policy(id, names);
    return nullptr;
  }

  void rule_of(const policy::NamedPlace& rule, const Names& known, const policy::Policy* p) {
    if (std::find(known.begin(), known.end(), rule.text) != known.end()) return;
    if (!first_time(rule.span)) return;
    Diagnostic& d = diagnostics_.error(
        "unknown-rule", rule.span,
        p == nullptr ? fmt::format("no policy on trial has a rule {}", rule.text)
                     : fmt::format("policy {} has no such rule: {}", p->id, rule.text));
    d.help = std::string(trim(did_you_mean(rule.text, known)));
    if (d.help.empty() && p != nullptr && !known.empty()) d.help = "it has " + join(known, ", ");
  }

  void report_policy(const policy::NamedPlace& id, const Names& known) {
    if (!first_time(id.span)) return;
    const bool left_out = std::find(all_.begin(), all_.end(), id.text) != all_.end();
    Diagnostic& d =
        diagnostics_.error("unknown-policy", id.span,
                           left_out ? fmt::format("policy {} is not under test here", id.text)
                                    : fmt::format("there is no policy {}", id.text));
    d.help = left_out ? "add it to the test's policies"
                      : std::string(trim(did_you_mean(id.text, known)));
  }

  // Defaults and columns are in many cases; one fault is enough.
  bool first_time(const Span& span) {
    const auto same = [&](const Diagnostic& d) {
      return d.span.source == span.source && d.span.begin == span.begin && d.span.known();
    };
    return std::none_of(diagnostics_.all().begin(), diagnostics_.all().end(), same);
  }

  const policy::PolicyTest& test_;
  Diagnostics& diagnostics_;
  Names all_;
  Names any_rules_;
  std::vector<const policy::Policy*> on_trial_;
};

}  // namespace

void Runner::check_names(const policy::PolicyTest& test, Diagnostics& diagnostics) const {
  const std::size_t first = diagnostics.all().size();
  NameChecker(policies_, test, diagnostics).check();
  diagnostics.label_from(first, "PolicyTest/" + test.id);
}

}  // namespace autopilot::trial
