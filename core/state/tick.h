#pragma once
// Judges the rollback rules of all policies by the recorded decisions and takes back what they say,
// in one transaction under the state's lock. What it does follows from the record: calling it
// again, or more often, or killing it at any instant changes nothing of that.

#include <string>
#include <vector>

#include "core/base/world.h"
#include "core/state/watching.h"

namespace autopilot::state {

struct TickedPolicy {
  std::string policy;
  double share = 0;  // before
  decide::WatchVerdict verdict;
  std::string reason;    // of a rollback; empty: nothing was done
  std::string revision;  // that it made
};

struct Ticked {
  std::vector<TickedPolicy> policies;  // that were judged, by id
  std::string note;                    // of a lock that was over; may be empty
  std::int64_t rolled_back() const;
};

// Throws Error denied (below operator) or locked, audited as refusals.
Ticked tick(Store& store, const std::string& actor, World& world);

}  // namespace autopilot::state
