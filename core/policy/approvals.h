#pragma once
// `approvals:` of autopilot.yaml: its schema, its meaning, and the facts that its conditions may
// name. Whoever asks for approval fills in the facts of the thing; those of other kinds keep their
// default.

#include <span>
#include <string_view>

#include "core/base/diagnostic.h"
#include "core/base/value.h"
#include "core/base/yaml.h"
#include "core/expr/check.h"
#include "core/policy/model.h"
#include "core/policy/shape.h"

namespace autopilot::policy {

struct ApprovalFact {
  std::string_view name;
  expr::TypeKind type;  // boolean, integer, real, string, or list for a list of strings
  std::string_view description;
};
std::span<const ApprovalFact> approval_facts();
expr::Environment approval_environment();
// Every fact with its default: false, 0, "" or [].
Map default_approval_facts();

extern const Schema kApprovalsSchema;

// Reads what fits and skips the rest, whose faults were reported.
ApprovalSettings read_approvals(const Value& value);

// What a schema cannot say. `node` is the value of `approvals`.
void check_approvals(const YamlNode& node, const Project& project, Diagnostics& diagnostics);

}  // namespace autopilot::policy
