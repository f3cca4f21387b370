#pragma once
// What the path of an assignment points to: a part of the action, the context or the
// circumstances of each decision, or a field of a policy. Unknown names are usage errors with a
// did-you-mean.

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/time.h"
#include "core/decide/whatif_words.h"
#include "core/policy/model.h"

namespace autopilot::decide {

struct PathStep {
  std::string key;        // of a map; empty: of a list
  std::size_t index = 0;  // in the list
};

// A part of what a decision saw.
struct InputTarget {
  enum class Place { action, context, time, actor, role };
  Place place = Place::context;
  std::vector<PathStep> steps;  // keys, from the action or the context on; "metrics", "cvr_1h"
};

// A field of a policy's document.
struct PolicyTarget {
  std::size_t document = 0;     // in the list that was searched
  std::vector<PathStep> steps;  // from the whole content on
  bool integral = false;        // whole numbers only
};

struct VariableTarget {
  std::string name;  // "$floor"
};

using Target = std::variant<InputTarget, PolicyTarget, VariableTarget>;

// Throws Error(usage). `documents` are the policies that decide.
Target find_target(const Assignment& assignment, const std::vector<policy::Document>& documents);

// Checks what a value for a part of the input must be (a type is a string, a risk a number). Throws
// Error(usage). Names that are not known to be anything else take any value.
void check_input_value(const InputTarget& target, const Assignment& assignment);

// Changes `content`, a document, an action or a context, where `steps` lead. False when there is
// nothing to scale or to add to, or when the way leads through something that is no map.
bool change_value(Value& content, const std::vector<PathStep>& steps, const Assignment& assignment);
// The value after the change; nothing when `before` (may be null) is no number and one is needed.
std::optional<Value> changed(const Value* before, const Assignment& assignment);
// The time after a change that passed check_input_value().
Instant changed_time(Instant before, const Assignment& assignment);

}  // namespace autopilot::decide
