// Step 2 of a decision: mutations in the order of the policies, then the check that every bound
// still holds.
#include <fmt/format.h>

#include <cmath>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/decide/deciding.h"

namespace autopilot::decide {

using expr::Tag;
using expr::Val;

namespace {

std::string_view kind_of(policy::Mutation::Kind kind) {
  switch (kind) {
    case policy::Mutation::Kind::clamp:
      return "clamp";
    case policy::Mutation::Kind::max_delta:
      return "max_delta";
    case policy::Mutation::Kind::set:
      return "set";
  }
  return "set";
}

bool within(double low, double high, const Val& v) {
  return v.tag == Tag::real && v.real >= low && v.real <= high;
}

std::string bound_text(const policy::Mutation& m, double low, double high) {
  if (m.kind == policy::Mutation::Kind::clamp) {
    return fmt::format("clamp {} to [{}, {}]", m.field, double_text(low), double_text(high));
  }
  return fmt::format("keep {} within {} of {}: [{}, {}]", m.field, double_text(m.delta), m.from,
                     double_text(low), double_text(high));
}

}  // namespace

void Deciding::mutate(const std::vector<std::uint32_t>& policies) {
  engine_.bounds_.clear();
  for (const std::uint32_t i : policies) {
    const CompiledPolicy& p = set_.policies()[i];
    if (p.mutations.empty()) continue;
    enter(i);
    const std::size_t begin = engine_.bounds_.size();
    for (const CompiledMutation& m : p.mutations) apply_mutation(i, m);
    excuse_own(begin);
  }
  if (!engine_.bounds_.empty()) check_bounds();
  finish_changes();
}

void Deciding::apply_mutation(std::uint32_t policy, const CompiledMutation& mutation) {
  if (pass_.stale) refresh();
  if (!wanted(set_.policies()[policy], mutation, "mutation", mutation.model->name)) return;
  if (mutation.model->kind == policy::Mutation::Kind::set) {
    apply_set(policy, mutation);
  } else {
    apply_bound(policy, mutation);
  }
}

void Deciding::apply_bound(std::uint32_t policy, const CompiledMutation& mutation) {
  const CompiledPolicy& p = set_.policies()[policy];
  const policy::Mutation& m = *mutation.model;
  const Val current = slot(mutation.field);
  if (current.tag == Tag::absent) {
    if (trace_ != nullptr)
      step("mutation", m.name, StepStatus::skip, fmt::format("the action has no {}", m.field));
    return;
  }
  if (current.tag != Tag::real) {
    failed(p, "mutation", m.name, fmt::format("{} is not a number", m.field), "{}");
    return;
  }
  double low = 0, high = 0;
  if (!bound_of(policy, mutation, low, high)) return;
  const double bounded = current.real < low ? low : current.real > high ? high : current.real;
  const bool changed = put(policy, mutation, m.field, mutation.field, Val::of_double(bounded));
  bind({policy, &mutation, mutation.field, low, high, false, 0});
  if (trace_ == nullptr) return;
  step("mutation", m.name, StepStatus::pass, bound_text(m, low, high),
       changed ? fmt::format("{} -> {}", double_text(current.real), double_text(bounded))
               : "unchanged",
       fmt::format("{{\"action.data.{}\":{}}}", m.field, double_text(current.real)));
}

bool Deciding::bound_of(std::uint32_t policy, const CompiledMutation& mutation, double& low,
                        double& high) {
  const policy::Mutation& m = *mutation.model;
  if (m.kind == policy::Mutation::Kind::clamp) {
    low = m.low;
    high = m.high;
    return true;
  }
  const Val& from = slot(mutation.from);
  if (from.tag != Tag::real) {
    const char* problem = from.tag == Tag::absent ? "is missing" : "is not a number";
    failed(set_.policies()[policy], "mutation", m.name, fmt::format("{} {}", m.from, problem),
           "{}");
    return false;
  }
  low = from.real - m.delta;
  high = from.real + m.delta;
  return true;
}

// All fields of one `set` see the action as it was before it: the order of the fields means
// nothing.
void Deciding::apply_set(std::uint32_t policy, const CompiledMutation& mutation) {
  const CompiledPolicy& p = set_.policies()[policy];
  std::vector<Val> values;
  for (const CompiledAssignment& a : mutation.set) {
    const Val v = a.value->program.evaluate(input_.slots.data(), engine_.scratch_);
    if (v.tag == Tag::error || v.tag == Tag::absent) {
      note_fault(a.value->program, v);
      failed(p, "mutation", mutation.model->name, *a.value);
      return;
    }
    const std::optional<Val> value = data_value(v, engine_.scratch_);
    if (!value) {
      failed(p, "mutation", mutation.model->name,
             fmt::format("{} would not be a finite number", a.field), values_of(*a.value));
      return;
    }
    values.push_back(*value);
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    const CompiledAssignment& a = mutation.set[i];
    const std::string before = trace_ != nullptr ? slot_text(input_, a.slot) : "";
    const bool changed = put(policy, mutation, a.field, a.slot, values[i]);
    bind({policy, &mutation, a.slot, 0, 0, true, 0});
    if (trace_ == nullptr) continue;
    step("mutation", mutation.model->name, StepStatus::pass,
         fmt::format("set {} to {}", a.field, a.value->program.source()),
         changed ? fmt::format("{} -> {}", before, slot_text(input_, a.slot)) : "unchanged",
         values_of(*a.value));
  }
}

// Gives a field its new value and says so, when it is one.
bool Deciding::put(std::uint32_t policy, const CompiledMutation& mutation, std::string_view field,
                   int index, Val value) {
  if (same_value(slot(index), value)) return false;
  engine_.log_.push_back({policy, index, kept(slot(index)), raw(index)});
  pass_.stale = set_.has_broad_slots();
  Reason& reason = add_reason(set_.policies()[policy].model.id, mutation.model->name,
                              kind_of(mutation.model->kind), Effect::modify);
  reason.field = field;
  if (texts_) tell_change(reason, index, value);
  slot(index) = value;
  raw(index) = {};
  return true;
}

void Deciding::tell_change(Reason& reason, int index, const Val& value) const {
  std::string before;
  append_slot_json(before, input_, index);
  const std::string after = val_json(value);
  reason.message =
      fmt::format("{} {} -> {}", reason.field, slot_text(input_, index), plain_text(value));
  reason.values = "{\"field\":";
  append_json_string(reason.values, reason.field);
  reason.values += fmt::format(",\"from\":{},\"to\":{}}}", before, after);
}

void Deciding::bind(const Engine::Bound& bound) {
  engine_.bounds_.push_back(bound);
  engine_.bounds_.back().log_mark = engine_.log_.size();
}

// A value that stays readable when the action is decoded again.
Val Deciding::kept(const Val& value) {
  return set_.has_broad_slots() ? *data_value(value, engine_.scratch_) : value;
}

// Within one policy the later mutation wins: its bounds that its own later mutations broke do not
// bind.
void Deciding::excuse_own(std::size_t bounds_begin) {
  std::vector<Engine::Bound>& bounds = engine_.bounds_;
  const auto own = bounds.begin() + static_cast<std::ptrdiff_t>(bounds_begin);
  bounds.erase(std::remove_if(own, bounds.end(), [&](const Engine::Bound& b) { return !holds(b); }),
               bounds.end());
}

bool Deciding::holds(const Engine::Bound& bound) const {
  if (bound.is_set) {
    return std::none_of(engine_.log_.begin() + static_cast<std::ptrdiff_t>(bound.log_mark),
                        engine_.log_.end(),
                        [&](const Engine::Change& c) { return c.slot == bound.slot; });
  }
  return within(bound.low, bound.high, slot(bound.slot));
}

// The policy whose change took the field out of the bound and left it there.
std::uint32_t Deciding::breaker_of(const Engine::Bound& bound) const {
  const std::vector<Engine::Change>& log = engine_.log_;
  std::uint32_t breaker = bound.policy;
  std::uint32_t last = bound.policy;  // who made the value that is looked at
  bool inside = true;
  const auto look = [&](const Val& value) {
    const bool now =
        last == bound.policy || (!bound.is_set && within(bound.low, bound.high, value));
    if (inside && !now) breaker = last;
    inside = now;
  };
  for (std::size_t i = bound.log_mark; i < log.size(); ++i) {
    if (log[i].slot != bound.slot) continue;
    look(log[i].before);
    last = log[i].policy;
  }
  look(slot(bound.slot));
  return breaker;
}

void Deciding::check_bounds() {
  for (const Engine::Bound& bound : engine_.bounds_) {
    if (!holds(bound)) report_conflict(bound);
  }
}

void Deciding::report_conflict(const Engine::Bound& bound) {
  const CompiledPolicy& first = set_.policies()[bound.policy];
  const CompiledPolicy& second = set_.policies()[breaker_of(bound)];
  Reason& reason =
      add_reason(first.model.id, bound.mutation->model->name, "conflict", Effect::block);
  reason.other = second.model.id;
  const std::string& field = set_.slots().paths()[static_cast<std::size_t>(bound.slot)][2];
  reason.field = field;
  if (!texts_) return;
  reason.message = fmt::format("policies {} and {} cannot both hold: {} is {}", first.model.id,
                               second.model.id, field, slot_text(input_, bound.slot));
  if (!bound.is_set) {
    reason.message +=
        fmt::format(", outside [{}, {}]", double_text(bound.low), double_text(bound.high));
  }
  reason.values = "{\"field\":";
  append_json_string(reason.values, field);
  reason.values += ",\"value\":";
  append_slot_json(reason.values, input_, bound.slot);
  reason.values += ",\"policies\":[";
  append_json_string(reason.values, first.model.id);
  reason.values += ',';
  append_json_string(reason.values, second.model.id);
  reason.values += "]}";
}

// What the pass changed in the end: the first entry of the log for each slot whose value is another
// one now.
std::vector<const Engine::Change*> Deciding::net_changes() const {
  std::vector<const Engine::Change*> out;
  for (std::size_t i = pass_.log_begin; i < engine_.log_.size(); ++i) {
    const Engine::Change& c = engine_.log_[i];
    bool first = true;
    for (std::size_t j = pass_.log_begin; j < i; ++j)
      first = first && engine_.log_[j].slot != c.slot;
    if (first && !same_value(c.before, slot(c.slot))) out.push_back(&c);
  }
  return out;
}

std::string Deciding::changed_action(const std::vector<const Engine::Change*>& changes) const {
  std::vector<FieldEdit> edits;
  for (const Engine::Change* c : changes) {
    const auto i = static_cast<std::size_t>(c->slot);
    const std::string_view before = set_.has_broad_slots() ? engine_.base_raw_[i] : c->raw_before;
    edits.push_back({set_.slots().paths()[i][2], before, val_json(slot(c->slot))});
  }
  return with_fields(pass_.base_action, pass_.base_data, std::move(edits));
}

// The final action's text, when the pass changed anything; slots that hold more than the fields
// themselves follow.
void Deciding::finish_changes() {
  if (engine_.log_.size() == pass_.log_begin) return;
  const std::vector<const Engine::Change*> changes = net_changes();
  pass_.changed = !changes.empty();
  if (pass_.changed && !pass_.monitor) {
    outcome_.changed = true;
    for (const Engine::Change* c : changes) {
      const auto i = static_cast<std::size_t>(c->slot);
      outcome_.changes.push_back({set_.slots().paths()[i][2], kept(slot(c->slot))});
    }
    if (texts_) outcome_.action = changed_action(changes);
  }
  if (pass_.stale) refresh();
}

// Decodes the action with its changes so far, so that `action.data` as a whole and fields within
// fields show them.
void Deciding::refresh() {
  pass_.stale = false;
  if (pass_.base_action.empty()) {
    outcome_.needs_text = true;
    return;
  }
  const std::vector<const Engine::Change*> changes = net_changes();
  if (changes.empty()) return decode_again(pass_.base_action);
  std::string text = changed_action(changes);
  const std::size_t size = text.size();
  text.resize(size + kPadding, ' ');
  std::string& buffer = pass_.monitor ? engine_.monitor_action_ : engine_.enforced_action_;
  buffer = std::move(text);
  decode_again(std::string_view(buffer).substr(0, size));
}

void Deciding::decode_again(std::string_view padded_action) {
  pass_.refreshed = true;
  InputFault fault;
  if (!engine_.decoder_.decode_action(padded_action, input_, engine_.scratch_, fault)) {
    throw Error(ErrorKind::bug, "a changed action cannot be read again: " + fault.message);
  }
  name_inputs();
}

// Takes a monitor pass's changes back.
void Deciding::undo(std::size_t log_begin) {
  if (pass_.refreshed) decode_again(pass_.base_action);
  while (engine_.log_.size() > log_begin) {
    const Engine::Change& c = engine_.log_.back();
    if (!pass_.refreshed) {
      slot(c.slot) = c.before;
      raw(c.slot) = c.raw_before;
    }
    engine_.log_.pop_back();
  }
}

}  // namespace autopilot::decide
