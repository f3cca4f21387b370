#pragma once
// Whether something needs approval and how much: the conditions of `approvals:` over its facts.
// What cannot be told asks for more, never for less.

#include <cstdint>
#include <optional>
#include <string>

#include "core/base/time.h"
#include "core/base/value.h"
#include "core/policy/model.h"
#include "core/state/store.h"

namespace autopilot::state {

// The settings in force: those of the applied Project document, so that editing autopilot.yaml
// alone changes nothing. `store` may be null: no state yet.
policy::ApprovalSettings settings_in_force(Store* store);

struct Need {
  std::int64_t approvals = 1;
  policy::Role role = policy::Role::operator_;  // least role of each approver
  Duration expires;
  std::string rule;  // "rules[0]", or "default"
  std::string why;   // "risk >= 1.0"; empty for the default
};

// How much approval something with these facts takes. Never less than the fact `approvals`. When a
// condition fails, the strictest of all rules.
Need need_of(const policy::ApprovalSettings& settings, const Map& facts);

// The same for a plan; absent when it needs none.
std::optional<Need> plan_need(const policy::ApprovalSettings& settings, const Map& facts);

// "2 approvals by admin"
std::string to_text(const Need& need);

}  // namespace autopilot::state
