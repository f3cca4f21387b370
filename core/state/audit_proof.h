#pragma once
// Proofs of RFC 6962 over the tree of the audit chain, for those who have a checkpoint but not the
// state: that an entry is in it, and that a later checkpoint only adds to an earlier one.

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/audit.h"
#include "core/state/checkpoint.h"
#include "core/state/store.h"

namespace autopilot::state {

struct InclusionProof {
  AuditEntry entry;
  Digest previous;  // the chain hash before it
  std::int64_t size = 0;
  Digest root;               // of the tree of `size` entries
  std::vector<Digest> path;  // the nearest sibling first
};

// That entry `seq` is in the tree of `checkpoint`, or without one of the present chain. Throws
// Error(invalid) when there is no such entry, or the chain is not the one that the checkpoint saw.
InclusionProof prove_entry(Store& store, std::int64_t seq, const Checkpoint* checkpoint);

struct ConsistencyProof {
  std::int64_t from_size = 0, to_size = 0;
  Digest from_root, to_root;
  std::vector<Digest> path;
};

// That the tree of `to`, or without one of the present chain, begins with that of `from`.
ConsistencyProof prove_growth(Store& store, const Checkpoint& from, const Checkpoint* to);

Map to_data(const InclusionProof& proof);
Map to_data(const ConsistencyProof& proof);

}  // namespace autopilot::state
