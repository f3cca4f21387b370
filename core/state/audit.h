#pragma once
// Verifies the audit chain of core/base/audit.h and what it vouches for.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/audit.h"
#include "core/state/audit_chain.h"
#include "core/state/checkpoint.h"
#include "core/state/store.h"

namespace autopilot::state {

struct AuditReport {
  std::int64_t entries = 0;    // that hold
  std::int64_t decisions = 0;  // that were hashed again and are as recorded
  std::string head;            // hex hash of the last entry that holds
  std::optional<AuditFault> fault;
  std::string root;  // hex root of the tree over the entries (audit_tree.h); empty with a fault
};

// Walks the whole chain from its beginning and compares what stands in other tables with what it
// says of them (audit_rows.h), and the chain with `checkpoint` if there is one. Stops at the first
// fault.
AuditReport verify_audit(Store& store, const Checkpoint* checkpoint = nullptr);

}  // namespace autopilot::state
