#include "core/state/audit_tree.h"

#include <fmt/format.h>

#include "core/base/error.h"

namespace autopilot::state {

Digest audit_leaf(const Digest& chain_hash) {
  return merkle_leaf({reinterpret_cast<const char*>(chain_hash.data()), chain_hash.size()});
}

MerkleTree follow_chain(Store& store, std::int64_t size, const EachLink& each) {
  ChainReader chain(store.database(), size);
  MerkleTree tree;
  for (ChainLink link; chain.next(link);) {
    const Digest leaf = audit_leaf(link.hash);
    tree.add(leaf);
    each(link, leaf);
  }
  std::string why = chain.fault() ? chain.fault()->what : "";
  if (why.empty() && chain.entries() < size)
    why = fmt::format("entry {} is missing", chain.entries() + 1);
  if (why.empty()) return tree;
  throw Error(ErrorKind::invalid, "the audit chain is broken: " + why,
              "`autopilot audit verify` tells more");
}

std::int64_t chain_size(Store& store) {
  return store.database().integer("SELECT max(seq) FROM audit");
}

Checkpoint make_checkpoint(Store& store, Instant now, bool exact) {
  Checkpoint c;
  c.size = chain_size(store);
  c.marks.every = exact ? 1 : mark_distance(c.size);
  c.time = Instant::from_micros(now.micros());
  c.head = to_hex(audit_origin());
  const MerkleTree tree = follow_chain(store, c.size, [&](const ChainLink& link, const Digest&) {
    if (link.entry.seq % c.marks.every != 0 && link.entry.seq != c.size) return;
    c.head = to_hex(link.hash);
    if (link.entry.seq % c.marks.every == 0)
      c.marks.digits += c.head.substr(0, ChainMarks::kDigits);
  });
  c.root = to_hex(tree.root());
  return c;
}

}  // namespace autopilot::state
