#pragma once
// Break-glass: a policy switched off by hand for a limited time, while git stays as it is. What it
// did is a revision, an entry in the audit, and drift in every plan until its time is over; then
// the first decision makes the policy hold again. Refusals are audited.

#include <optional>
#include <string>

#include "core/base/world.h"
#include "core/state/hand_change.h"

namespace autopilot::state {

inline constexpr const char* kEnabledField = "enabled";
inline constexpr Duration kLongestDisabling = Duration::seconds(7 * 24 * 3600);

struct Disabling {
  std::string policy;
  bool changed = false;
  Revision revision;               // in force now
  std::optional<Overlay> overlay;  // that disables it now
  std::string note;                // of a lock that was over; may be empty
};

// Both throw Error invalid (no such policy, or its document says enabled: false), denied (a role
// below the policy's authority, or below operator) or locked. A policy that is disabled already is
// from now on for the time asked for. REQUIRES a reason and a time that lasts.
Disabling disable(Store& store, const HandRequest& request, World& world);
Disabling enable(Store& store, const HandRequest& request, World& world);

}  // namespace autopilot::state
