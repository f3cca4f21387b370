#pragma once
// The typed content of a Policy document → the model. Used with content from YAML and from the
// state alike.

#include "core/base/value.h"
#include "core/policy/model.h"

namespace autopilot::policy {

struct PolicyReading {
  Policy policy;
  bool sound = true;  // false: something did not fit and was read as absent
};

PolicyReading read_policy(const Value& content);

// "guards[0]": what a rule without a name is called.
std::string default_rule_name(std::string_view section, std::size_t index);

}  // namespace autopilot::policy
