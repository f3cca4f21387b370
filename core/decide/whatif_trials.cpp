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
  TrialsSetting setting{&rules, &chosen, nullptr, nullptr, &names, nullptr};
  setting.set =
      std::make_shared<const CompiledSet>(std::string(), rules.project, std::move(policies));
  setting.inputs = std::make_shared<const Prepared>(*setting.set, chosen);
  return setting;
}

Trials::Trials(const TrialsSetting& setting)
    : setting_(setting),
      recall_(
          *setting.chosen, setting.rules->documents,
          [this](std::string_view policy, std::string_view rule) { return number(policy, rule); }),
      foresight_(setting.foretold.get()) {}

// Sets set_ and engine_ for the point; those of the last one when they are the same.
bool Trials::find_set(const Point& point, Diagnostics& faults) {
  std::vector<std::string> texts;
  for (const PolicyChange& change : point.policies) texts.push_back(change.assignment.text);
  if (set_ != nullptr && texts == set_texts_) return true;
  std::shared_ptr<const CompiledSet> set = setting_.set;
  if (!texts.empty()) {
    std::vector<policy::Policy> policies = changed_policies(
        setting_.rules->documents, setting_.rules->project, point.policies, faults);
    if (!faults.ok()) return false;
    leave_out_monitors(policies);
    set = std::make_shared<const CompiledSet>(*setting_.set, std::move(policies));
  }
  engine_ = std::make_unique<Engine>(*set);
  set_ = std::move(set);
  set_texts_ = std::move(texts);
  return true;
}

const Prepared& Trials::inputs_for(const CompiledSet& set) {
  if (setting_.inputs->fits(set)) return *setting_.inputs;
  if (own_inputs_ == nullptr || !own_inputs_->fits(set))
    own_inputs_ = std::make_shared<const Prepared>(set, *setting_.chosen);
  return *own_inputs_;
}

void Trials::look_ahead(const InputChanges& changes, bool texts) {
  if (texts || changes.reads_anew()) return foresight_.begin_blind();
  foresight_.begin(set_, changes.slots());
}

// Takes a decision in full, into outcome_, and says what that cost at most.
std::uint64_t Trials::decide(std::size_t i, const ChosenDecision& decision, const Input& prepared,
                             InputChanges& changes, Circumstances& at) {
  const Circumstances recorded = at;
  for (Foreseen foreseen = foresight_.of(i);; foreseen = {}) {
    at = recorded;
    engine_->scratch().reset();
    changes.apply(*engine_, decision, prepared, input_, at);
    engine_->foreseen = foreseen;
    engine_->decide(input_, at, recall_.ledger(), outcome_);
    if (foreseen.fits(engine_->scratch())) return engine_->scratch().cost + foreseen.cost();
  }
}

bool Trials::run(const Point& point, std::vector<Cell>& cells, Diagnostics& faults,
                 const Observer* observer) {
  if (!find_set(point, faults)) return false;
  const Prepared& inputs = inputs_for(*set_);
  InputChanges changes(*set_, point.inputs, observer != nullptr);
  recall_.begin(point, set_, changes, inputs);
  engine_->writes_texts = observer != nullptr;
  look_ahead(changes, observer != nullptr);
  cells.resize(setting_.chosen->size());
  std::size_t i = 0;
  for (const ChosenDecision& decision : setting_.chosen->all()) {
    Circumstances at = circumstances_of(decision.record);
    if (observer != nullptr || !recall_.recall(i, at, cells[i])) {
      const std::uint64_t cost = decide(i, decision, inputs[i], changes, at);
      recall_.ledger().consume(outcome_, at);
      recall_.remember(i, at, input_, outcome_, cost);
      cells[i] = cell_of(outcome_);
    }
    if (observer != nullptr) (*observer)(i, cells[i], outcome_, input_);
    ++i;
  }
  return true;
}

std::uint32_t Trials::number(std::string_view policy, std::string_view rule) {
  key_.assign(policy);
  key_ += '\0';
  key_ += rule;
  const auto [at, is_new] = numbers_.try_emplace(key_, 0);
  if (is_new) at->second = setting_.names->number({std::string(policy), std::string(rule)});
  return at->second;
}

Cell Trials::cell_of(const Outcome& outcome) {
  if (outcome.result == Result::allowed) return {};
  const std::string_view effect = effect_behind(outcome.result);
  for (const Reason& reason : outcome.reasons) {
    if (!reason.monitor && to_string(reason.effect) == effect)
      return {outcome.result, number(reason.policy, reason.rule)};
  }
  return {outcome.result, 0};
}

}  // namespace autopilot::decide
