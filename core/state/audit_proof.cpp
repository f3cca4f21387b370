#include "core/state/audit_proof.h"

#include <fmt/format.h>

#include "core/base/error.h"
#include "core/state/audit_tree.h"

namespace autopilot::state {
namespace {

// Throws when the chain has become another one than `checkpoint` saw.
void check_root(const Checkpoint& checkpoint, const Digest& root) {
  if (to_hex(root) == checkpoint.root) return;
  throw Error(ErrorKind::invalid,
              fmt::format("the first {} entries are not those of the checkpoint of {}",
                          checkpoint.size, format_rfc3339(checkpoint.time)),
              "`autopilot audit verify --checkpoint FILE` tells which one was changed");
}

List to_list(const std::vector<Digest>& path) {
  List list;
  for (const Digest& digest : path) list.emplace_back(to_hex(digest));
  return list;
}

}  // namespace

InclusionProof prove_entry(Store& store, std::int64_t seq, const Checkpoint* checkpoint) {
  InclusionProof proof;
  proof.size = checkpoint != nullptr ? checkpoint->size : chain_size(store);
  if (seq < 1 || seq > proof.size) {
    throw Error(ErrorKind::invalid,
                fmt::format("there is no entry {} among the {} of {}", seq, proof.size,
                            checkpoint != nullptr ? "the checkpoint" : "the audit chain"),
                "`autopilot audit list` shows their numbers");
  }
  SubtreeRoots path(
      inclusion_path(static_cast<std::uint64_t>(seq - 1), static_cast<std::uint64_t>(proof.size)));
  const auto each = [&](const ChainLink& link, const Digest& leaf) {
    path.add(leaf);
    if (link.entry.seq != seq) return;
    proof.entry = link.entry;
    proof.previous = link.previous;
  };
  proof.root = follow_chain(store, proof.size, each).root();
  if (checkpoint != nullptr) check_root(*checkpoint, proof.root);
  proof.path = path.roots();
  return proof;
}

ConsistencyProof prove_growth(Store& store, const Checkpoint& from, const Checkpoint* to) {
  ConsistencyProof proof;
  proof.from_size = from.size;
  proof.to_size = to != nullptr ? to->size : chain_size(store);
  if (proof.from_size > proof.to_size) {
    throw Error(ErrorKind::invalid,
                fmt::format("the checkpoint of {} saw {} entries, the later one only {}",
                            format_rfc3339(from.time), proof.from_size, proof.to_size),
                "name the older one with --from; if it is, entries were cut off");
  }
  // A tree of nothing is the beginning of every other.
  SubtreeRoots path(from.size == 0 ? std::vector<LeafRange>{}
                                   : consistency_path(static_cast<std::uint64_t>(proof.from_size),
                                                      static_cast<std::uint64_t>(proof.to_size)));
  MerkleTree older;
  const auto each = [&](const ChainLink& link, const Digest& leaf) {
    path.add(leaf);
    if (link.entry.seq <= from.size) older.add(leaf);
  };
  proof.to_root = follow_chain(store, proof.to_size, each).root();
  proof.from_root = older.root();
  check_root(from, proof.from_root);
  if (to != nullptr) check_root(*to, proof.to_root);
  proof.path = path.roots();
  return proof;
}

Map to_data(const InclusionProof& proof) {
  return Map{{"entry", proof.entry.seq},           {"text", audit_text(proof.entry)},
             {"previous", to_hex(proof.previous)}, {"size", proof.size},
             {"root", to_hex(proof.root)},         {"path", to_list(proof.path)}};
}

Map to_data(const ConsistencyProof& proof) {
  return Map{{"from", Map{{"size", proof.from_size}, {"root", to_hex(proof.from_root)}}},
             {"to", Map{{"size", proof.to_size}, {"root", to_hex(proof.to_root)}}},
             {"path", to_list(proof.path)}};
}

}  // namespace autopilot::state
