#include "core/decide/whatif_inputs.h"

#include <fmt/format.h>

#include "core/base/error.h"
#include "core/base/json.h"

namespace autopilot::decide {
namespace {

using Place = InputTarget::Place;

bool of_context(const InputTarget& target) { return target.place == Place::context; }

// The path that a slot would have: context parts are variables of their own.
expr::Path path_of(const InputTarget& target) {
  expr::Path path;
  if (!of_context(target)) path.emplace_back("action");
  for (const PathStep& step : target.steps) path.push_back(step.key);
  return path;
}

bool begins_with(const expr::Path& path, const expr::Path& start) {
  return path.size() >= start.size() && std::equal(start.begin(), start.end(), path.begin());
}

// Slots that show the path as a part of theirs, or a part of it.
bool shows_elsewhere(const CompiledSet& set, const expr::Path& path) {
  const auto& paths = set.slots().paths();
  return std::any_of(paths.begin(), paths.end(), [&](const expr::Path& p) {
    return p != path && (begins_with(p, path) || begins_with(path, p));
  });
}

// Fields that other names are made from: the target's default, the index of the policies.
bool names_something(const InputTarget& target) {
  if (target.place != Place::action) return false;
  if (target.steps.size() == 1) return target.steps[0].key != "risk";
  return target.steps[1].key == "destination_id" || target.steps[1].key == "channel";
}

// Source systems write some keys differently; giving both is a fault.
std::vector<PathStep> as_written(std::vector<PathStep> steps, const Value& in) {
  for (const auto& [name, alias] :
       {std::pair{"algorithm", "algo_key"}, {"risk", "risk_score"}, {"segment", "segment_data"}}) {
    if (steps[0].key == name && in.get(alias) != nullptr) steps[0].key = alias;
  }
  return steps;
}

void pad(std::string& text) { text.append(kPadding, ' '); }

std::string_view unpadded(const std::string& text) {
  return std::string_view(text).substr(0, text.size() - kPadding);
}

}  // namespace

Prepared::Prepared(const CompiledSet& set, const Chosen& chosen)
    : paths_(set.slots().paths()), inputs_(chosen.size()) {
  Engine engine(set);
  std::size_t i = 0;
  for (const ChosenDecision& d : chosen.all()) {
    InputFault fault;
    if (!engine.read_parts(d.record.proposed, d.record.context, inputs_[i++], fault, memory_)) {
      throw Error(ErrorKind::storage,
                  fmt::format("decision {} cannot be read again: {}", d.record.id, fault.message),
                  "run `autopilot state check`");
    }
  }
}

InputChanges::InputChanges(const CompiledSet& set, const std::vector<InputChange>& changes,
                           bool exact)
    : all_(changes) {
  for (const InputChange& change : changes) sort_out(set, change, exact);
}

void InputChanges::sort_out(const CompiledSet& set, const InputChange& change, bool exact) {
  const InputTarget& target = *change.target;
  if (target.place != Place::action && target.place != Place::context) {
    circumstances_.push_back(&change);
    return;
  }
  const expr::Path path = path_of(target);
  const bool of_action = target.place == Place::action;
  const bool in_text = of_action && (exact || set.has_broad_slots() || names_something(target));
  if (in_text || shows_elsewhere(set, path)) {
    texts_.push_back(&change);
  } else if (const int slot = set.slots().find(path); slot >= 0) {
    add_slot(slot, change.assignment);
  }
}

void InputChanges::add_slot(int slot, const Assignment& assignment) {
  auto made = std::make_unique<SlotChange>(SlotChange{slot, &assignment, {}, {}, 0});
  if (!assignment.removes()) {
    made->value = value_of(assignment.text);
    made->val = expr::to_val(made->value, memory_, true);
    if (made->value.is_number())
      made->amount = assignment.sign == "-=" ? -made->value.as_double() : made->value.as_double();
  }
  slots_.push_back(std::move(made));
}

std::vector<int> InputChanges::slots() const {
  std::vector<int> out;
  for (const auto& change : slots_) out.push_back(change->slot);
  return out;
}

void InputChanges::apply(Engine& engine, const ChosenDecision& decision, const Input& prepared,
                         Input& input, Circumstances& at) {
  if (!circumstances_.empty()) change_circumstances(at);
  if (!texts_.empty()) return read_anew(engine, decision, input);
  input = prepared;
  for (const auto& change : slots_) {
    const auto i = static_cast<std::size_t>(change->slot);
    if (change_slot(*change, input.slots[i])) input.raw[i] = {};
  }
}

void InputChanges::apply_slots(const Input& prepared, std::vector<expr::Val>& slots) const {
  for (const auto& change : slots_) {
    const auto i = static_cast<std::size_t>(change->slot);
    slots[i] = prepared.slots[i];
  }
  for (const auto& change : slots_)
    change_slot(*change, slots[static_cast<std::size_t>(change->slot)]);
}

bool InputChanges::change_slot(const SlotChange& change, expr::Val& slot) {
  if (change.assignment->change == Change::set) {
    slot = change.val;
    return true;
  }
  if (slot.tag != expr::Tag::real) return false;
  slot.real = change.assignment->change == Change::scale ? slot.real * change.amount
                                                         : slot.real + change.amount;
  return true;
}

void InputChanges::read_anew(Engine& engine, const ChosenDecision& decision, Input& input) {
  Value action = parse_json(decision.record.proposed).value;
  Value context = parse_json(decision.record.context).value;
  for (const InputChange& change : all_) {
    if (change.target->place != Place::action && change.target->place != Place::context) continue;
    Value& in = of_context(*change.target) ? context : action;
    change_value(in, as_written(change.target->steps, in), change.assignment);
  }
  pad(action_ = to_json(action));
  pad(context_ = to_json(context));
  InputFault fault;
  if (engine.read_parts(unpadded(action_), unpadded(context_), input, fault)) return;
  throw Error(ErrorKind::invalid,
              fmt::format("decision {} would be no action: {}", decision.record.id, fault.message));
}

void InputChanges::change_circumstances(Circumstances& at) {
  for (const InputChange* change : circumstances_) {
    const Assignment& a = change->assignment;
    if (change->target->place == Place::time) at.now = changed_time(at.now, a);
    if (change->target->place == Place::actor) at.actor = a.text;
    if (change->target->place == Place::role) at.role = a.text;
  }
}

bool is_read(const CompiledSet& set, const InputTarget& target) {
  if (target.place != Place::action && target.place != Place::context) return true;
  const expr::Path path = path_of(target);
  return names_something(target) || set.slots().find(path) >= 0 || shows_elsewhere(set, path) ||
         (target.place == Place::action && set.has_broad_slots());
}

}  // namespace autopilot::decide
