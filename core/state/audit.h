#pragma once
// Reads and verifies the audit chain of core/base/audit.h. Verification reads in small pages:
// memory stays flat and writers are not held up.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/base/audit.h"
#include "core/state/store.h"

namespace autopilot::state {

struct AuditFault {
  std::int64_t seq = 0;  // the first entry that is wrong
  std::string what;
};

struct AuditReport {
  std::int64_t entries = 0;    // that hold
  std::int64_t decisions = 0;  // that were hashed again and are as recorded
  std::string
      head;  // hex hash of the last entry that holds; keep it elsewhere to prove the chain's end
  std::optional<AuditFault> fault;
};

// Walks the whole chain from its beginning; hashes every decision again; compares revisions with
// their entries. Stops at the first fault.
AuditReport verify_audit(Store& store);

// The newest `limit` entries, newest first.
std::vector<AuditEntry> recent_audit(Store& store, std::int64_t limit);

}  // namespace autopilot::state
