#pragma once
// One field of an applied policy, put in force by hand other than git wants it, or as git wants it
// again: what rollouts and disabling share. Works inside a write transaction of its caller.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/world.h"
#include "core/state/overlay.h"
#include "core/state/store.h"

namespace autopilot::state {

struct HandRequest {
  std::string policy;  // its id
  std::string actor;
  std::string reason;               // may be empty
  std::optional<Duration> lasting;  // then what git wants is in force again
};

class HandChange {
 public:
  // Passes the state's lock, ends what has expired and judges the role: the policy's authority, and
  // at least operator. `what` is the act in messages: "the rollout of". Throws Error locked,
  // invalid (no such policy) or denied. Borrows all; REQUIRES a write transaction.
  HandChange(Store& store, const HandRequest& request, std::string field, std::string_view what,
             World& world);

  const policy::Document& wanted() const { return wanted_; }          // by git
  const policy::Document& present() const { return present_; }        // in force before
  const std::optional<Overlay>& overlay() const { return overlay_; }  // of the field, that holds
  std::string name() const { return wanted_.kind + "/" + wanted_.id; }
  const std::string& note() const { return note_; }  // of a lock that was over; may be empty

  // From now on `value` is in force, in the name of `what`; without one what git wants. One
  // revision with its audit entry, which gets the `details`.
  Revision put(std::optional<Value> value, const char* what, Map details);

 private:
  void check_role(std::string_view what) const;

  Store& store_;
  const HandRequest& request_;
  const std::string field_;
  const Instant now_;
  std::string note_;
  policy::Document wanted_, present_;
  std::optional<Overlay> overlay_;
  std::vector<Overlay> others_;  // of other fields
};

// An overlay of that field.
Overlay field_overlay(const policy::Document& wanted, std::string field, Value value,
                      std::string what, const HandRequest& request, Instant time);

}  // namespace autopilot::state
