#pragma once
// Follows the audit chain (core/base/audit.h) from its first entry and computes every hash anew.
// Reads small pages: memory stays flat and writers are not held up.

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "core/base/audit.h"
#include "core/base/sqlite.h"

namespace autopilot::state {

struct AuditFault {
  std::int64_t seq = 0;  // the first entry that is wrong
  std::string what;
};

// One entry that fits the one before it.
struct ChainLink {
  AuditEntry entry;
  Digest previous;
  Digest hash;
};

class ChainReader {
 public:
  // Entries up to `until` only.
  explicit ChainReader(Database& database, std::int64_t until = INT64_MAX);

  // The next link; false at the present end, or when the next entry does not hold (fault()). May
  // be asked again when more was written.
  bool next(ChainLink& link);
  const std::optional<AuditFault>& fault() const { return fault_; }

  std::int64_t entries() const { return entries_; }  // that hold
  const Digest& head() const { return head_; }       // the hash of the last of them

 private:
  struct Stored {
    AuditEntry entry;
    std::string hash;  // 32 bytes
  };
  void read_page();
  bool fail(std::int64_t seq, std::string what);

  Statement rows_;
  std::int64_t until_;
  std::deque<Stored> page_;
  std::int64_t read_ = INT64_MIN;  // seq of the last row read
  std::int64_t entries_ = 0;
  Digest head_ = audit_origin();
  std::optional<AuditFault> fault_;
};

}  // namespace autopilot::state
