#include "core/decide/whatif_trials.h"

#include "core/decide/recorder.h"
#include "core/policy/loader.h"

namespace autopilot::decide {
namespace {

// A policy that only monitors changes no result.
void leave_out_monitors(std::vector<policy::Policy>& policies) {
  for (policy::Policy& p : policies) {
    if (p.mode == policy::Mode::monitor) p.enabled = false;
  }
}

std::vector<policy::Policy> policies_of(const Rules& rules) {
  std::vector<policy::Policy> out;
  for (const policy::Document& d : rules.documents) out.push_back(policy::policy_from(d));
  return out;
}

Circumstances circumstances_of(const Record& record) {
  return {record.time, record.run, record.actor, record.role,
          record.override_by ? &*record.override_by : nullptr};
}

}  // namespace

std::uint32_t RuleNames::number(const RuleName& name) {
  const std::lock_guard guard(mutex_);
  return numbers_.try_emplace(name, static_cast<std::uint32_t>(numbers_.size())).first->second;
}

std::vector<RuleName> RuleNames::all() const {
  const std::lock_guard guard(mutex_);
  std::vector<RuleName> out(numbers_.size());
  for (const auto& [name, number] : numbers_) out[number] = name;
  return out;
}

std::shared_ptr<const CompiledSet> compile_rules(const Rules& rules) {
  return std::make_shared<const CompiledSet>(std::string(), rules.project, policies_of(rules));
}

TrialsSetting make_setting(const Rules& rules, const Chosen& chosen, RuleNames& names) {
  std::vector<policy::Policy> policies = policies_of(rules);
  leave_out_monitors(policies);
  TrialsSetting setting{&rules, &chosen, nullptr, nullptr, &names};
  setting.set =
      std::make_shared<const CompiledSet>(std::string(), rules.project, std::move(policies));
  setting.inputs = std::make_shared<const Prepared>(*setting.set, chosen);
  return setting;
}

Trials::Trials(const TrialsSetting& setting) : setting_(setting) {}

std::shared_ptr<const CompiledSet> Trials::set_for(const Point& point, Diagnostics& faults) const {
  if (point.policies.empty()) return setting_.set;
  std::vector<policy::Policy> policies =
      changed_policies(setting_.rules->documents, setting_.rules->project, point.policies, faults);
  if (!faults.ok()) return nullptr;
  leave_out_monitors(policies);
  return std::make_shared<const CompiledSet>(*setting_.set, std::move(policies));
}

const Prepared& Trials::inputs_for(const CompiledSet& set) {
  if (setting_.inputs->fits(set)) return *setting_.inputs;
  if (own_inputs_ == nullptr || !own_inputs_->fits(set))
    own_inputs_ = std::make_shared<const Prepared>(set, *setting_.chosen);
  return *own_inputs_;
}

bool Trials::run(const Point& point, std::vector<Cell>& cells, Diagnostics& faults,
                 const Observer* observer) {
  const std::shared_ptr<const CompiledSet> set = set_for(point, faults);
  if (set == nullptr) return false;
  const Prepared& inputs = inputs_for(*set);
  InputChanges changes(*set, point.inputs, observer != nullptr);
  Engine engine(*set);
  MemoryLedger ledger;
  cells.resize(setting_.chosen->size());
  std::size_t i = 0;
  for (const ChosenDecision& decision : setting_.chosen->all()) {
    Circumstances at = circumstances_of(decision.record);
    engine.scratch().reset();
    changes.apply(engine, decision, inputs[i], input_, at);
    engine.decide(input_, at, ledger, outcome_);
    consume(outcome_, at, 0, ledger);
    cells[i] = cell_of(outcome_);
    if (observer != nullptr) (*observer)(i, cells[i], outcome_, input_);
    ++i;
  }
  return true;
}

Cell Trials::cell_of(const Outcome& outcome) {
  if (outcome.result == Result::allowed) return {};
  const std::string_view effect = effect_behind(outcome.result);
  for (const Reason& reason : outcome.reasons) {
    if (reason.monitor || to_string(reason.effect) != effect) continue;
    key_.assign(reason.policy);
    key_ += '\0';
    key_ += reason.rule;
    const auto [at, is_new] = numbers_.try_emplace(key_, 0);
    if (is_new)
      at->second = setting_.names->number({std::string(reason.policy), std::string(reason.rule)});
    return {outcome.result, at->second};
  }
  return {outcome.result, 0};
}

}  // namespace autopilot::decide
