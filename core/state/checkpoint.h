#pragma once
// A checkpoint says what the audit chain was at one moment. Kept outside of the state (a git note,
// a log, another machine) it shows later what the chain alone cannot: that entries were cut off its
// end, or that all of it was written anew.
//
// As text it is one line of canonical JSON, then the armored SSH signatures over that line with its
// end, if there are any. The line is
//   {"format":"autopilot.checkpoint/v1","head":…,"marks":{…},"root":…,"size":…,"time":…}
// The root stands for all entries; the marks only tell which entry was the first to be changed.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/merkle.h"
#include "core/base/time.h"
#include "core/state/signatures.h"

namespace autopilot::state {

// The beginnings of the chain hashes of every `every`-th entry, one after the other.
struct ChainMarks {
  static constexpr std::size_t kDigits = 12;  // hex, of one
  std::int64_t every = 1;
  std::string digits;
};

struct Checkpoint {
  std::int64_t size = 0;  // entries
  std::string root;       // 64 hex digits: of the tree over them (audit_tree.h)
  std::string head;       // likewise: the chain hash of the last one
  ChainMarks marks;
  Instant time;
};

// How far apart marks are, so that there are at most 512 of them.
std::int64_t mark_distance(std::int64_t size);

// The line with its end: what is signed.
std::string checkpoint_text(const Checkpoint& checkpoint);

struct CheckpointNote {
  Checkpoint checkpoint;
  std::string text;  // checkpoint_text()
  std::vector<Signature> signatures;
};

// `name` is what messages call it. Throws Error(invalid) for anything else than such a text.
CheckpointNote read_checkpoint(std::string_view text, const std::string& name);

// Compares a chain with a checkpoint while it is followed.
class CheckpointWatch {
 public:
  explicit CheckpointWatch(const Checkpoint& checkpoint) : checkpoint_(checkpoint) {}

  // Is entry `seq`, the last in `tree`, the one that the checkpoint saw? "" when it may be, else
  // what is wrong.
  std::string take(std::int64_t seq, std::string_view kind, const Digest& hash,
                   const MerkleTree& tree) const;
  // When the chain ends after `entries`: "" or what is missing.
  std::string end(std::int64_t entries) const;

 private:
  bool mark_fits(std::int64_t seq, std::string_view hex) const;
  std::string changed(std::int64_t seq, std::string_view kind) const;

  const Checkpoint& checkpoint_;
};

}  // namespace autopilot::state
