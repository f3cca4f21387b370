#pragma once
// The audit chain: an append-only table where each entry's hash covers the entry and the hash
// before it, so that no entry can be changed, removed or put in between without breaking all later
// ones. One implementation for whoever writes to the state; reading and verifying is
// core/state/audit.h.

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/hash.h"
#include "core/base/sqlite.h"
#include "core/base/time.h"
#include "core/base/value.h"

namespace autopilot {

// What is hashed of one entry. `body` is canonical JSON.
struct AuditEntry {
  std::int64_t seq = 0;   // 1, 2, 3, … without gaps
  std::int64_t time = 0;  // microseconds since 1970
  std::string actor;
  std::string kind;  // "apply", "refused", "lock", "unlock", "decisions", …
  std::string body;
};

// The first entry's previous hash: 32 zero bytes.
Digest audit_origin();
// {"actor":…,"body":…,"kind":…,"seq":…,"time":…}: canonical JSON, the body as it is stored. No two
// entries have the same text.
std::string audit_text(const AuditEntry& entry);
// SHA-256(previous hash, audit_text(entry)).
Digest audit_hash(const Digest& previous, const AuditEntry& entry);

// Appends one entry and returns its seq. The body, a map, gets the connection's "identity" beside
// what it says. REQUIRES a write transaction of `database` to be open.
std::int64_t append_audit(Database& database, std::string_view kind, const Value& body,
                          std::string_view actor, Instant time);

// The digest over a committed batch of decisions, in rising seq. The recorder appends one entry of
// kind "decisions" per batch, in the same transaction, with the body of `summary()`. Batches must
// not interleave: every seq of a batch is greater than every seq recorded before it, so give seqs
// inside the write transaction.
class DecisionBatch {
 public:
  // `id` is the decision's 16 bytes, `result` the column's value, `body` its line.
  void add(std::int64_t seq, std::string_view id, std::int64_t result, std::string_view body);
  std::int64_t count() const { return count_; }
  // {"first", "last", "count", "sha256"}. Starts anew. REQUIRES count() > 0.
  Map summary();

 private:
  Sha256 hash_;
  std::int64_t first_ = 0;
  std::int64_t last_ = 0;
  std::int64_t count_ = 0;
};

}  // namespace autopilot
