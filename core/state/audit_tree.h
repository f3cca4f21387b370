#pragma once
// The Merkle tree over the audit chain. The leaf of an entry is made of its chain hash, not of its
// text: that costs one short hash whatever the entry holds, a leaf vouches for all entries before
// it, and a proof tells nothing of the neighbours that could be guessed from their hash.

#include <cstdint>
#include <functional>

#include "core/base/merkle.h"
#include "core/state/audit_chain.h"
#include "core/state/checkpoint.h"
#include "core/state/store.h"

namespace autopilot::state {

// SHA-256(0x00, chain hash).
Digest audit_leaf(const Digest& chain_hash);

// Calls `each` for the first `size` entries in order, with their leaves, and returns the tree over
// them. Throws Error(invalid) naming the entry when the chain does not hold that far.
using EachLink = std::function<void(const ChainLink&, const Digest& leaf)>;
MerkleTree follow_chain(Store& store, std::int64_t size, const EachLink& each);

std::int64_t chain_size(Store& store);

// The checkpoint of the chain as it is now. `exact` marks every entry, however many there are.
Checkpoint make_checkpoint(Store& store, Instant now, bool exact);

}  // namespace autopilot::state
