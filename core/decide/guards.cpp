// Steps 3 and 4 of a decision: the risk of the final action, then the guards that may block it or
// hold it back.
#include <fmt/format.h>

#include <cmath>

#include "core/base/json.h"
#include "core/base/text.h"
#include "core/decide/deciding.h"

namespace autopilot::decide {

using expr::Tag;
using expr::Val;

namespace {

constexpr double kHighestRisk = 2.0;

std::string default_message(const policy::Guard& guard) {
  switch (guard.kind) {
    case policy::Guard::Kind::deny:
      return guard.condition.source;
    case policy::Guard::Kind::approve:
      return fmt::format("needs {} approval{}: {}", guard.approvals,
                         guard.approvals == 1 ? "" : "s", guard.condition.source);
    default:
      return guard.condition.source;
  }
}

std::string_view kind_of(policy::Guard::Kind kind) {
  switch (kind) {
    case policy::Guard::Kind::deny:
      return "deny";
    case policy::Guard::Kind::require:
      return "require";
    case policy::Guard::Kind::approve:
      return "approve";
    case policy::Guard::Kind::warn:
      return "warn";
  }
  return "deny";
}

Effect effect_of(policy::Guard::Kind kind) {
  if (kind == policy::Guard::Kind::approve) return Effect::approve;
  return kind == policy::Guard::Kind::warn ? Effect::warn : Effect::block;
}

}  // namespace

// Computed once for the final action; an error in a project's own model counts as the highest risk
// and blocks.
void Deciding::compute_risk() {
  const FixedSlots& f = set_.fixed();
  double risk = 0;
  if (number(f.risk, risk)) {
    outcome_.risk = risk;
  } else if (const Condition* model = set_.risk_of(input_.type)) {
    const Val v = model->program.evaluate(input_.slots.data(), engine_.scratch_);
    risk = v.tag == Tag::real      ? v.real
           : v.tag == Tag::integer ? static_cast<double>(v.integer)
                                   : std::nan("");
    if (!(risk >= 0) || !std::isfinite(risk)) {
      risk_failed(*model, v);
      risk = kHighestRisk;
    }
    outcome_.risk = risk;
  } else {
    outcome_.risk = built_in_risk();
  }
  slot(f.risk_variable) = Val::of_double(outcome_.risk);
  raw(f.risk_variable) = {};
}

void Deciding::risk_failed(const Condition& model, const Val& v) {
  Reason& reason = add_reason({}, "risk", "error", set_.enforces() ? Effect::block : Effect::warn);
  if (!texts_) return;
  const std::string why = v.tag == Tag::error ? model.program.fault(v, engine_.scratch_).message
                                              : "the risk is not a number of at least 0";
  reason.message = fmt::format("risk of {}: {}", input_.type, why);
  reason.values = values_of(model);
}

bool Deciding::number(int index, double& out) const {
  const Val& v = slot(index);
  if (v.tag != Tag::real) return false;
  out = v.real;
  return true;
}

// 0.1 + 2·|Δweight| + 1.5·|Δbudget|/old budget + 0.5 for a pause, at most 2.0; 2.0 when the old
// value is missing.
double Deciding::built_in_risk() const {
  const FixedSlots& f = set_.fixed();
  double risk = 0.1;
  double now = 0, old = 0;
  if (slot(f.weight).tag != Tag::absent) {
    if (!number(f.weight, now) || !number(f.old_weight, old)) return kHighestRisk;
    risk += 2 * std::fabs(now - old);
  }
  if (slot(f.budget).tag != Tag::absent) {
    if (!number(f.budget, now) || !number(f.old_budget, old)) return kHighestRisk;
    const double share = std::fabs(now - old) / std::fabs(old);
    if (std::isnan(share)) return kHighestRisk;
    risk += 1.5 * share;
  }
  if (input_.type == "route.pause" || input_.type == "destination.pause") risk += 0.5;
  return std::min(risk, kHighestRisk);
}

void Deciding::guard(const CompiledPolicy& policy) {
  for (const CompiledGuard& g : policy.guards) {
    if (!wanted(policy, g, "guard", g.model->name)) continue;
    if (g.model->kind == policy::Guard::Kind::require) {
      require(policy, g);
    } else {
      check_guard(policy, g);
    }
  }
}

void Deciding::check_guard(const CompiledPolicy& policy, const CompiledGuard& guard) {
  const Truth truth = test(*guard.condition);
  if (truth == Truth::error) {
    failed(policy, "guard", guard.model->name, *guard.condition);
    return;
  }
  if (truth == Truth::yes) guard_fired(policy, guard);
  if (trace_ == nullptr) return;
  step("guard", guard.model->name, truth == Truth::yes ? StepStatus::fail : StepStatus::pass,
       fmt::format("{} {}", kind_of(guard.model->kind), guard.model->condition.source), "",
       values_of(*guard.condition));
}

// Whether the guard's approval was given before, of an action that was at least as risky.
bool Deciding::was_approved(const CompiledPolicy& policy, const CompiledGuard& guard) const {
  return at_.resumes != nullptr && !pass_.monitor && outcome_.risk <= at_.resumes->risk &&
         at_.resumes->covers(policy.model.id, guard.model->name, guard.model->approvals);
}

void Deciding::guard_fired(const CompiledPolicy& policy, const CompiledGuard& guard) {
  const bool approves = guard.model->kind == policy::Guard::Kind::approve;
  const Effect effect =
      approves && was_approved(policy, guard) ? Effect::approved : effect_of(guard.model->kind);
  Reason& reason =
      add_reason(policy.model.id, guard.model->name, kind_of(guard.model->kind), effect);
  if (approves) reason.approvals = guard.model->approvals;
  if (!texts_) return;
  reason.message = message_of(guard);
  reason.values = values_of(*guard.condition);
}

std::string Deciding::message_of(const CompiledGuard& guard) {
  if (guard.message.empty()) return default_message(*guard.model);
  std::string out;
  for (const MessagePart& part : guard.message) {
    if (part.slot >= 0) {
      out += slot_text(input_, part.slot);
    } else if (part.value != nullptr) {
      const Val v = part.value->program.evaluate(input_.slots.data(), engine_.scratch_);
      out += v.tag == Tag::error || v.tag == Tag::absent ? "(missing)" : plain_text(v);
    } else {
      out += part.text;
    }
  }
  return out;
}

// Given: not null, in the action's data or in the action itself (whose target has a default).
bool Deciding::is_given(const RequiredField& field) const {
  const auto given = [&](int index) {
    const Tag tag = slot(index).tag;
    return tag != Tag::absent && tag != Tag::null;
  };
  if (given(field.data_slot)) return true;
  if (!given(field.action_slot)) return false;
  const Val& v = slot(field.action_slot);
  return v.tag != Tag::string || v.size > 0;
}

void Deciding::require(const CompiledPolicy& policy, const CompiledGuard& guard) {
  std::vector<std::string> missing;
  for (const RequiredField& field : guard.require) {
    if (!is_given(field)) missing.push_back(field.name);
  }
  if (trace_ != nullptr) {
    step("guard", guard.model->name, missing.empty() ? StepStatus::pass : StepStatus::fail,
         "require " + join(guard.model->require, ", "),
         missing.empty() ? "" : "missing: " + join(missing, ", "));
  }
  if (missing.empty()) return;
  Reason& reason = add_reason(policy.model.id, guard.model->name, "require", Effect::block);
  if (!texts_) return;
  reason.message = guard.message.empty() ? "missing: " + join(missing, ", ") : message_of(guard);
  reason.values = "{\"missing\":[";
  for (std::size_t i = 0; i < missing.size(); ++i) {
    if (i > 0) reason.values += ',';
    append_json_string(reason.values, missing[i]);
  }
  reason.values += "]}";
}

}  // namespace autopilot::decide
