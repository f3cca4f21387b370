#pragma once
// The share of units that a policy applies to, changed by hand while git stays as it is: promoted,
// rolled back to nobody, resumed. Each is one transaction under the state's lock, a revision and an
// entry in the audit; a refusal is audited too. Doing what was done already changes nothing.

#include <optional>
#include <string>

#include "core/base/world.h"
#include "core/state/hand_change.h"
#include "core/state/overlay.h"
#include "core/state/store.h"

namespace autopilot::state {

inline constexpr const char* kRolloutField = "rollout";

using RolloutRequest = HandRequest;

struct RolloutChange {
  std::string policy;
  double before = 0;  // shares
  double after = 0;
  double wanted = 0;  // by git
  bool changed = false;
  Revision revision;               // in force now
  std::optional<Overlay> overlay;  // that holds now
  std::string note;                // of a lock that was over; may be empty
};

// All throw Error invalid (no such policy, nothing to promote to), denied (a role below the
// policy's authority, or below operator) or locked.
RolloutChange promote(Store& store, const RolloutRequest& request, double share, World& world);
RolloutChange roll_back(Store& store, const RolloutRequest& request, World& world);
RolloutChange resume(Store& store, const RolloutRequest& request, World& world);

// An overlay that puts `share` in force.
Overlay rollout_overlay(const policy::Document& wanted, double share, std::string what,
                        std::string reason, std::string actor, Instant time);

// The policies that rolled back, ever: by a person and by their rules. `policy` empty: all.
struct RollbackCounts {
  std::int64_t by_hand = 0;
  std::int64_t by_rule = 0;
  std::int64_t total() const { return by_hand + by_rule; }
};
RollbackCounts count_rollbacks(Store& store, const std::string& policy = {});

}  // namespace autopilot::state
