#include "core/decide/whatif_target.h"

#include <fmt/format.h>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/decide/whatif_policy.h"

namespace autopilot::decide {
namespace {

using Names = std::vector<std::string>;

const Names kRoots = {"metrics", "segment", "features", "action", "policy",
                      "risk",    "time",    "actor",    "role",   "context"};
const Names kActionFields = {"type", "algorithm",       "target",     "id",
                             "risk", "idempotency_key", "created_at", "data"};
const Names kContextFields = {"metrics", "segment", "features", "actor", "role", "time"};
const Names kActorFields = {"id", "role"};

[[noreturn]] void unknown(const Assignment& assignment, std::string_view what,
                          std::string_view word, const Names& known) {
  std::string hint(trim(did_you_mean(word, known)));
  if (hint.empty()) hint = "known are " + join(known, ", ");
  throw Error(ErrorKind::usage, fmt::format("{}: {} {}", assignment.path, what, word), hint);
}

bool contains(const Names& names, std::string_view word) {
  return std::find(names.begin(), names.end(), word) != names.end();
}

[[noreturn]] void refuse(const Assignment& assignment, std::string_view why,
                         std::string hint = {}) {
  throw Error(ErrorKind::usage, fmt::format("{}: {}", assignment.path, why), std::move(hint));
}

InputTarget open_target(const Assignment& assignment, InputTarget target, std::string_view what) {
  for (const PathStep& step : target.steps) {
    if (step.key.empty()) refuse(assignment, "a name in the path is empty");
  }
  if (target.steps.size() < 2)
    refuse(assignment, fmt::format("it names no {}", what),
           fmt::format("write {}.NAME", assignment.path));
  return target;
}

std::vector<PathStep> keys(const Names& names) {
  std::vector<PathStep> out;
  for (const std::string& name : names) out.push_back({name, 0});
  return out;
}

InputTarget action_target(const Assignment& assignment, const Names& steps) {
  if (steps.empty())
    refuse(assignment, "it names no field", "write action.type or action.data.NAME");
  if (!contains(kActionFields, steps[0])) {
    std::string hint(trim(did_you_mean(steps[0], kActionFields)));
    if (hint.empty()) hint = fmt::format("a field of its data is action.data.{}", steps[0]);
    refuse(assignment, fmt::format("an action has no field {}", steps[0]), hint);
  }
  InputTarget target{InputTarget::Place::action, keys(steps)};
  if (steps[0] == "data") return open_target(assignment, std::move(target), "field of the data");
  if (steps.size() > 1) refuse(assignment, fmt::format("{} has no fields", steps[0]));
  return target;
}

InputTarget actor_target(const Assignment& assignment, const Names& steps) {
  if (steps.empty()) return {InputTarget::Place::actor, {}};
  if (steps.size() > 1 || !contains(kActorFields, steps[0]))
    unknown(assignment, "an actor has no field", steps[0], kActorFields);
  return {steps[0] == "id" ? InputTarget::Place::actor : InputTarget::Place::role, {}};
}

InputTarget input_target(const Assignment& assignment) {
  Names steps = split(assignment.path, '.');
  if (steps[0] == "context") {
    steps.erase(steps.begin());
    if (steps.empty()) refuse(assignment, "it names no part of the context");
    if (!contains(kContextFields, steps[0]))
      unknown(assignment, "a context has no part", steps[0], kContextFields);
  }
  const std::string root = steps[0];
  const Names rest(steps.begin() + 1, steps.end());
  if (root == "metrics" || root == "segment" || root == "features")
    return open_target(assignment, {InputTarget::Place::context, keys(steps)}, root);
  if (root == "action") return action_target(assignment, rest);
  if (root == "actor") return actor_target(assignment, rest);
  const bool simple = root == "risk" || root == "time" || root == "role";
  if (!simple) unknown(assignment, "nothing is called", root, kRoots);
  if (!rest.empty()) refuse(assignment, fmt::format("{} has no fields", root));
  if (root == "risk") return {InputTarget::Place::action, keys({"risk"})};
  return {root == "time" ? InputTarget::Place::time : InputTarget::Place::role, {}};
}

// A duration that may be negative, in text or as a value.
bool is_amount_of_time(std::string_view text) {
  return parse_duration(text.starts_with('-') ? text.substr(1) : text).has_value();
}

void check_time(const Assignment& assignment) {
  if (assignment.change == Change::scale) refuse(assignment, "a time cannot be multiplied");
  const bool good = assignment.change == Change::set ? parse_rfc3339(assignment.text).has_value()
                                                     : is_amount_of_time(assignment.text);
  if (good) return;
  refuse(assignment,
         fmt::format("{} is no {}", assignment.text,
                     assignment.change == Change::set ? "RFC 3339 time" : "duration"),
         assignment.change == Change::set ? "write time=2026-11-20T10:00:00Z, or time+=2h"
                                          : "write 30m, 2h or 7d");
}

bool is_needed(const InputTarget& target) {
  return target.place != InputTarget::Place::context &&
         !(target.place == InputTarget::Place::action && target.steps[0].key != "type");
}

}  // namespace

Target find_target(const Assignment& assignment, const std::vector<policy::Document>& documents) {
  if (assignment.path.starts_with('$')) return VariableTarget{assignment.path};
  if (assignment.path == "policy" || assignment.path.starts_with("policy."))
    return find_policy_target(assignment, documents);
  return input_target(assignment);
}

void check_input_value(const InputTarget& target, const Assignment& assignment) {
  if (target.place == InputTarget::Place::time) return check_time(assignment);
  if (assignment.removes() && !is_needed(target)) return;
  const Value value = value_of(assignment.text);
  if (assignment.change != Change::set) {
    if (value.is_number()) return;
    refuse(assignment, fmt::format("{} is no number", assignment.text),
           "a change by *=, += or -= takes a number");
  }
  if (target.place == InputTarget::Place::role && !policy::parse_role(assignment.text))
    unknown(assignment, "there is no role", assignment.text,
            {"viewer", "operator", "admin", "dg_ai"});
  if (target.place != InputTarget::Place::action || target.steps.size() != 1) return;
  const std::string& field = target.steps[0].key;
  if (field == "risk") {
    if (value.is_null() || (value.is_number() && value.as_double() >= 0)) return;
    refuse(assignment, fmt::format("{} is no number of at least 0", assignment.text));
  }
  if ((field == "type" || field == "algorithm") && (!value.is_string() || assignment.text.empty()))
    refuse(assignment,
           fmt::format("{} is no name", assignment.text.empty() ? "\"\"" : assignment.text));
  if (value.is_list() || value.is_map() || value.is_bool())
    refuse(assignment, fmt::format("{} is no name", assignment.text));
}

std::optional<Value> changed(const Value* before, const Assignment& assignment) {
  Value value = value_of(assignment.text);
  if (assignment.change == Change::set) return value;
  if (before == nullptr || !before->is_number() || !value.is_number()) return std::nullopt;
  const double amount = value.as_double();
  if (assignment.change == Change::scale) return Value(before->as_double() * amount);
  return Value(before->as_double() + (assignment.sign == "-=" ? -amount : amount));
}

Instant changed_time(Instant before, const Assignment& assignment) {
  if (assignment.change == Change::set) return parse_rfc3339(assignment.text).value_or(before);
  const bool negative = assignment.text.starts_with('-');
  const auto length = parse_duration(std::string_view(assignment.text).substr(negative ? 1 : 0));
  if (!length) return before;
  return negative != (assignment.sign == "-=") ? before - *length : before + *length;
}

bool change_value(Value& content, const std::vector<PathStep>& steps,
                  const Assignment& assignment) {
  Value* at = &content;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const PathStep& step = steps[i];
    const bool last = i + 1 == steps.size();
    if (step.key.empty()) {
      if (!at->is_list() || step.index >= at->as_list().size()) return false;
      at = &at->as_list()[step.index];
    } else {
      if (!at->is_map()) return false;
      if (!at->as_map().contains(step.key)) {
        if (assignment.removes()) return true;
        if (assignment.change != Change::set) return false;
        at->as_map().append(step.key, last ? Value() : Value(Map{}));
      }
      if (last && assignment.removes()) return at->as_map().erase(step.key);
      at = at->as_map().find(step.key);
    }
  }
  std::optional<Value> value = changed(at, assignment);
  if (!value) return false;
  *at = std::move(*value);
  return true;
}

}  // namespace autopilot::decide
