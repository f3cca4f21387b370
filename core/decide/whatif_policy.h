#pragma once
// Policies that are otherwise: fields of their documents found by path and changed. What comes out
// goes through the same checks as a file that says so.

#include "core/base/diagnostic.h"
#include "core/decide/whatif_target.h"
#include "core/policy/model.h"

namespace autopilot::decide {

// "policy.traffic-safety.limits.hourly.max": the id, then fields; rules by name or index. Throws
// Error(usage) with a did-you-mean.
PolicyTarget find_policy_target(const Assignment& assignment,
                                const std::vector<policy::Document>& documents);

// An assignment to a field of a policy, its text free of variables.
struct PolicyChange {
  const PolicyTarget* target = nullptr;
  Assignment assignment;
};

// The policies that the changes are about, as they would be; sorted by document. Faults go to
// `diagnostics`, and the policies with faults are left out. Throws Error(usage) when there is
// nothing to scale.
std::vector<policy::Policy> changed_policies(const std::vector<policy::Document>& documents,
                                             const policy::Project& project,
                                             const std::vector<PolicyChange>& changes,
                                             Diagnostics& diagnostics);

}  // namespace autopilot::decide
