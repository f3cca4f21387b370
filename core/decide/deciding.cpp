#include "core/decide/deciding.h"

#include <fmt/format.h>

#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/text.h"
#include "core/decide/foresight.h"
#include "core/expr/map.h"

namespace autopilot::decide {

using expr::Tag;
using expr::Val;

Deciding::Deciding(Engine& engine, Input& input, const Circumstances& circumstances,
                   LedgerView& ledger, Outcome& outcome, Trace* trace)
    : engine_(engine),
      set_(engine.set_),
      input_(input),
      at_(circumstances),
      ledger_(ledger),
      outcome_(outcome),
      trace_(trace),
      texts_(engine.writes_texts || trace != nullptr),
      foreseen_(texts_ ? Foreseen{} : engine.foreseen) {
  outcome_.result = Result::allowed;
  outcome_.risk = 0;
  outcome_.changed = outcome_.overridden = outcome_.needs_text = false;
  outcome_.action.clear();
  outcome_.changes.clear();
  outcome_.reasons.clear();
  outcome_.uses.clear();
  outcome_.monitor.clear();
  engine_.log_.clear();
  engine_.scratch_.cost = 0;
}

void Deciding::run() {
  if (trace_ != nullptr)
    trace_->policies.reserve(set_.policies().size() +
                             set_.disabled().size());  // `current` points into it
  name_inputs();
  run_enforced();
  // Monitor policies act on the enforced result and on nothing of each other's.
  const std::vector<std::uint32_t>& candidates =
      trace_ != nullptr ? engine_.all_ : engine_.candidates(input_.type, input_.algorithm);
  for (const std::uint32_t i : candidates) {
    if (set_.policies()[i].model.mode == policy::Mode::monitor && !foreseen_.is_quiet(i))
      run_monitor(i);
  }
  if (trace_ == nullptr) return;
  for (const std::string& id : set_.disabled())
    trace_->policies.push_back({id, false, false, "disabled", {}});
}

// The names that are not read from the line but computed.
void Deciding::name_inputs() {
  const FixedSlots& f = set_.fixed();
  // What the line lacks stays absent: a rule that needs it fails.
  const auto name = [](std::string_view text) {
    return text.empty() ? Val() : Val::of_string(text);
  };
  slot(f.id) = name(input_.id);
  slot(f.type) = name(input_.type);
  slot(f.algorithm) = name(input_.algorithm);
  slot(f.target) = name(input_.target);
  raw(f.target) = {};
  slot(f.now) = Val::of_timestamp(at_.now.seconds, static_cast<std::uint32_t>(at_.now.nanos));
  slot(f.run) = Val::of_string(at_.run);
  slot(f.actor_id) = Val::of_string(at_.actor);
  slot(f.actor_role) = Val::of_string(at_.role);
  slot(f.risk_variable) = Val();
  if (set_.whole_actor() >= 0) {
    slot(set_.whole_actor()) = map_of(
        {{Val::of_string("id"), slot(f.actor_id)}, {Val::of_string("role"), slot(f.actor_role)}});
  }
  name_whole_action();
}

Val Deciding::map_of(const std::vector<expr::MapEntry>& entries) {
  expr::Arena& arena = engine_.scratch_.arena();
  auto* kept = arena.array<expr::MapEntry>(entries.size());
  std::copy(entries.begin(), entries.end(), kept);
  return Val::of_map(expr::make_map(arena, kept, static_cast<std::uint32_t>(entries.size())));
}

void Deciding::name_whole_action() {
  if (set_.whole_action() < 0) return;
  const FixedSlots& f = set_.fixed();
  std::vector<expr::MapEntry> entries;
  const auto add = [&](const char* name, int index) {
    if (index >= 0 && slot(index).tag != Tag::absent)
      entries.push_back({Val::of_string(name), slot(index)});
  };
  add("id", f.id);
  add("type", f.type);
  add("algorithm", f.algorithm);
  add("target", f.target);
  add("risk", f.risk);
  add("idempotency_key", f.key);
  add("created_at", f.created);
  add("data", set_.whole_data());
  slot(set_.whole_action()) = map_of(entries);
}

void Deciding::begin_pass(bool monitor) {
  pass_ = {};
  pass_.monitor = monitor;
  pass_.log_begin = engine_.log_.size();
  pass_.base_action = input_.action;
  pass_.base_data = input_.data;
  if (set_.has_broad_slots()) engine_.base_raw_ = input_.raw;
}

void Deciding::run_enforced() {
  begin_pass(false);
  std::vector<std::uint32_t>& applicable = engine_.applicable_;
  applicable.clear();
  check_type();
  const std::vector<std::uint32_t>& candidates =
      trace_ != nullptr ? engine_.all_ : engine_.candidates(input_.type, input_.algorithm);
  for (const std::uint32_t i : candidates) {
    if (set_.policies()[i].model.mode == policy::Mode::enforce && !foreseen_.is_quiet(i) &&
        applies(i))
      applicable.push_back(i);
  }
  run_rules(applicable);
  settle();
}

void Deciding::run_monitor(std::uint32_t index) {
  const std::size_t reasons_before = outcome_.reasons.size();
  begin_pass(true);
  const bool applicable = applies(index);
  const double enforced_risk = outcome_.risk;
  if (applicable) run_rules({index});
  const bool concerned = applicable && set_.policies()[index].has_rule_for(input_.type);
  if (concerned || outcome_.reasons.size() > reasons_before) {
    const Result result = pass_.blocked   ? Result::blocked
                          : pass_.pending ? Result::pending
                          : pass_.changed ? Result::modified
                                          : Result::allowed;
    outcome_.monitor.push_back({set_.policies()[index].model.id, result});
  }
  undo(pass_.log_begin);
  outcome_.risk = enforced_risk;
}

void Deciding::check_type() {
  if (!set_.enforces() || set_.knows_type(input_.type)) return;
  Reason& reason = add_reason({}, "action_types", "action_type", Effect::block);
  if (!texts_) return;
  reason.message = fmt::format("unknown action type {}", input_.type);
  reason.values = "{\"action.type\":";
  append_json_string(reason.values, input_.type);
  reason.values += '}';
}

bool Deciding::selected(const CompiledPolicy& policy) const {
  return std::all_of(policy.selector.begin(), policy.selector.end(),
                     [&](const CompiledSelector& s) {
                       const Val& v = slot(s.slot);
                       if (v.tag == Tag::absent || v.tag == Tag::null) return false;
                       const std::string text = plain_text(v);
                       return std::find(s.values.begin(), s.values.end(), text) != s.values.end();
                     });
}

// Why a policy does not concern this action at all; "" when it does.
std::string Deciding::why_not(std::uint32_t index) {
  const CompiledPolicy& policy = set_.policies()[index];
  const policy::Policy& p = policy.model;
  if (p.expires && !(at_.now < *p.expires))
    return fmt::format("expired at {}", format_rfc3339(*p.expires));
  if (!engine_.active(index, at_.now))
    return fmt::format("not active at this minute ({} {})", *p.cron, p.timezone);
  if (p.scope == policy::Scope::algorithm &&
      std::find(p.algorithms.begin(), p.algorithms.end(), input_.algorithm) == p.algorithms.end()) {
    return fmt::format("it is for algorithm {}", join(p.algorithms, ", "));
  }
  for (const CompiledSelector& s : policy.selector) {
    const Val& v = slot(s.slot);
    const std::string text = v.tag == Tag::absent ? "(missing)" : plain_text(v);
    if (std::find(s.values.begin(), s.values.end(), text) == s.values.end()) {
      return fmt::format("segment {} is {}",
                         set_.slots().paths()[static_cast<std::size_t>(s.slot)][1], text);
    }
  }
  return {};
}

bool Deciding::applies(std::uint32_t index) {
  const CompiledPolicy& policy = set_.policies()[index];
  const policy::Policy& p = policy.model;
  if (trace_ != nullptr) {
    trace_->policies.push_back({p.id, pass_.monitor, false, why_not(index), {}});
    trace_->current = &trace_->policies.back();
  }
  if (p.expires && !(at_.now < *p.expires)) return false;
  const bool is_indexed = trace_ == nullptr && engine_.use_index;  // by algorithm, too
  if (!is_indexed && p.scope == policy::Scope::algorithm &&
      std::find(p.algorithms.begin(), p.algorithms.end(), input_.algorithm) == p.algorithms.end()) {
    return false;
  }
  if (!engine_.active(index, at_.now) || !selected(policy)) return false;
  if (rolled_in(policy) != Truth::yes || gates_hold(policy) != Truth::yes) return false;
  if (trace_ != nullptr) trace_->current->applied = true;
  return true;
}

Truth Deciding::rolled_in(const CompiledPolicy& policy) {
  const policy::Policy& p = policy.model;
  if (p.rollout >= 1) return Truth::yes;
  if (p.rollout <= 0) {
    if (trace_ != nullptr) trace_->current->why = "rolled out to 0 %";
    return Truth::no;
  }
  const Val key = policy.rollout_key->program.evaluate(input_.slots.data(), engine_.scratch_);
  if (key.tag == Tag::error) {
    note_fault(policy.rollout_key->program, key);
    failed(policy, "rollout", "rollout_key", *policy.rollout_key);
    return Truth::error;
  }
  const double share = bucket(p.id, plain_text(key));
  if (share < p.rollout) return Truth::yes;
  if (trace_ != nullptr) {
    trace_->current->why = fmt::format("rolled out to {} %, and {} is at {:.2f} %",
                                       double_text(p.rollout * 100), plain_text(key), share * 100);
  }
  return Truth::no;
}

// Any false gate closes the policy, whatever the others say; only then does an error matter.
Truth Deciding::gates_hold(const CompiledPolicy& policy) {
  const Condition* broken = nullptr;
  std::size_t broken_at = 0;
  expr::EvalFault fault;
  bool closed = false;
  for (std::size_t i = 0; i < policy.gates.size(); ++i) {
    const Truth truth = test(*policy.gates[i]);
    if (trace_ != nullptr) {
      const policy::Gate& gate = policy.model.gates[i];
      const StepStatus status = truth == Truth::yes  ? StepStatus::pass
                                : truth == Truth::no ? StepStatus::fail
                                                     : StepStatus::error;
      step("gate", gate.name, status, gate.when.source,
           truth == Truth::error ? last_fault_.message : "", values_of(*policy.gates[i]));
      if (truth == Truth::no && !closed)
        trace_->current->why = fmt::format("gate {} is closed", gate.name);
    }
    if (truth == Truth::no) {
      closed = true;
      if (trace_ == nullptr) return Truth::no;
    }
    if (truth == Truth::error && broken == nullptr) {
      broken = policy.gates[i].get();
      broken_at = i;
      fault = last_fault_;
    }
  }
  if (closed) return Truth::no;
  if (broken == nullptr) return Truth::yes;
  last_fault_ = fault;
  failed(policy, "gate", policy.model.gates[broken_at].name, *broken);
  if (trace_ != nullptr)
    trace_->current->why = fmt::format("gate {} failed", policy.model.gates[broken_at].name);
  return Truth::error;
}

void Deciding::run_rules(const std::vector<std::uint32_t>& policies) {
  mutate(policies);
  compute_risk();
  for (const std::uint32_t i : policies) {
    enter(i);
    guard(set_.policies()[i]);
  }
  for (const std::uint32_t i : policies) {
    enter(i);
    for (const CompiledLimit& l : set_.policies()[i].limits) limit(set_.policies()[i], l);
  }
}

// The steps that follow belong to this policy.
void Deciding::enter(std::uint32_t policy) {
  if (trace_ == nullptr) return;
  for (PolicyTrace& p : trace_->policies) {
    if (p.id == set_.policies()[policy].model.id) trace_->current = &p;
  }
}

void Deciding::settle() {
  if (pass_.blocked && at_.override_by != nullptr) try_override();
  if (pass_.pending && at_.resumes != nullptr) tell_growth();
  outcome_.result = pass_.blocked   ? Result::blocked
                    : pass_.pending ? Result::pending
                    : pass_.changed ? Result::modified
                                    : Result::allowed;
}

// Why an action that was approved waits again.
void Deciding::tell_growth() {
  const bool riskier = outcome_.risk > at_.resumes->risk;
  Reason& reason = add_reason({}, "resume", "resume", Effect::warn);
  if (!texts_) return;
  reason.message =
      riskier ? fmt::format("pending again: the risk is {}, and {} was approved",
                            double_text(outcome_.risk), double_text(at_.resumes->risk))
              : std::string("pending again: it needs approval that was not asked for before");
  reason.values = fmt::format("{{\"risk\":{},\"approved_risk\":{}}}", double_text(outcome_.risk),
                              double_text(at_.resumes->risk));
}

// An override needs a role of at least the authority of every policy that blocks; the engine's own
// blocks need admin.
bool Deciding::may_override(std::string& refusal) const {
  for (const Reason& reason : outcome_.reasons) {
    if (reason.effect != Effect::block) continue;
    for (const std::string_view id :
         {reason.policy, reason.other.empty() ? reason.policy : reason.other}) {
      policy::Role needed = policy::Role::admin;
      for (const CompiledPolicy& p : set_.policies()) {
        if (p.model.id == id) needed = p.model.authority;
      }
      if (at_.override_by->role >= needed) continue;
      refusal = fmt::format("override refused: {} needs the role {}, {} has {}",
                            id.empty() ? reason.rule : id, policy::to_string(needed),
                            at_.override_by->actor, policy::to_string(at_.override_by->role));
      return false;
    }
  }
  return true;
}

void Deciding::try_override() {
  std::string refusal;
  if (!may_override(refusal)) {
    Reason& reason = add_reason({}, "override", "override", Effect::warn);
    if (texts_) reason.message = refusal;
    return;
  }
  for (Reason& reason : outcome_.reasons) {
    if (reason.effect == Effect::block) reason.effect = Effect::overridden;
  }
  outcome_.overridden = true;
  pass_.blocked = false;
}

Truth Deciding::test(const Condition& condition) {
  const Truth truth = truth_of(condition);
  if (trace_ != nullptr && trace_->watcher != nullptr) {
    trace_->watcher->tested(condition, truth, input_.slots.data(), engine_.scratch_);
  }
  return truth;
}

Truth Deciding::truth_of(const Condition& condition) {
  if (condition.constant_true) return Truth::yes;
  if (foreseen_.knows(condition)) return foreseen_.truth(condition);
  const Val v = condition.program.evaluate(input_.slots.data(), engine_.scratch_);
  if (v.tag == Tag::boolean) return v.boolean ? Truth::yes : Truth::no;
  if (v.tag == Tag::error) {
    note_fault(condition.program, v);
  } else {
    last_fault_ = {"the condition is not true or false", 0, 0};
  }
  return Truth::error;
}

void Deciding::note_fault(const expr::Program& program, const Val& error) {
  if (texts_) last_fault_ = program.fault(error, engine_.scratch_);
}

// Whether a rule is for this action and its `when` holds.
bool Deciding::wanted(const CompiledPolicy& policy, const CompiledRule& rule, std::string_view kind,
                      std::string_view name) {
  if (!rule.concerns(input_.type)) {
    if (trace_ != nullptr)
      step(kind, name, StepStatus::skip, fmt::format("for {}", join(rule.types, ", ")));
    return false;
  }
  if (rule.when == nullptr) return true;
  const Truth truth = test(*rule.when);
  if (truth == Truth::error) failed(policy, kind, name, *rule.when);
  if (truth == Truth::no && trace_ != nullptr) {
    step(kind, name, StepStatus::skip, "when " + rule.when->program.source(), "",
         values_of(*rule.when));
  }
  return truth == Truth::yes;
}

void Deciding::failed(const CompiledPolicy& policy, std::string_view kind, std::string_view rule,
                      const Condition& condition) {
  if (!texts_) return failed(policy, kind, rule, {}, "{}");
  failed(policy, kind, rule,
         fmt::format("{} in {}", last_fault_.message, condition.program.source()),
         values_of(condition));
}

void Deciding::failed(const CompiledPolicy& policy, std::string_view kind, std::string_view rule,
                      std::string message, std::string values) {
  const bool skip = policy.model.on_error == policy::OnError::skip;
  if (kind != "gate" && trace_ != nullptr) {
    step(kind, rule, StepStatus::error, message, skip ? "ignored (on_error: skip)" : "", values);
  }
  if (skip) return;
  Reason& reason = add_reason(policy.model.id, rule, "error", Effect::block);
  if (!texts_) return;
  reason.message = fmt::format("{} {}: {}", kind, rule, message);
  reason.values = std::move(values);
}

Reason& Deciding::add_reason(std::string_view policy, std::string_view rule, std::string_view kind,
                             Effect effect) {
  Reason reason;
  reason.policy = policy;
  reason.rule = rule;
  reason.kind = kind;
  reason.effect = effect;
  reason.monitor = pass_.monitor;
  reason.values = "{}";
  if (effect == Effect::block) pass_.blocked = true;
  if (effect == Effect::approve) pass_.pending = true;
  outcome_.reasons.push_back(std::move(reason));
  return outcome_.reasons.back();
}

std::string Deciding::values_of(const Condition& condition) const {
  return values_json(set_, input_, condition.program);
}

void Deciding::step(std::string_view kind, std::string_view name, StepStatus status,
                    std::string text, std::string detail, std::string values) {
  if (trace_ == nullptr || trace_->current == nullptr) return;
  trace_->current->steps.push_back(
      {kind, std::string(name), status, std::move(text), std::move(detail), std::move(values)});
}

}  // namespace autopilot::decide
