#pragma once
// Reads entries of the audit without verifying them.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/base/audit.h"
#include "core/state/store.h"

namespace autopilot::state {

// Half-open in time; what is empty or absent excludes nothing.
struct AuditQuery {
  std::string actor;
  std::string kind;
  std::string text;  // somewhere in the actor, the kind or the body; ASCII letters of either case
  std::optional<Instant> since, until;
  std::int64_t limit = 0;  // the newest so many
};

// Newest first.
std::vector<AuditEntry> find_audit(Store& store, const AuditQuery& query);
inline std::vector<AuditEntry> recent_audit(Store& store, std::int64_t limit) {
  AuditQuery query;
  query.limit = limit;
  return find_audit(store, query);
}

// The words that entries have in that column ("actor" or "kind"), sorted.
std::vector<std::string> audit_words(Store& store, const char* column);

// Oldest first, page by page, with the chain hash in hex. Only the times of the query count.
void each_audit(Store& store, const AuditQuery& query,
                const std::function<void(const AuditEntry&, const std::string& hash)>& each);

}  // namespace autopilot::state
