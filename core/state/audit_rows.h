#pragma once
// What the entries of the audit chain say of other tables, compared with what stands there:
// decisions by the hash of their batch; revisions, what each did to documents, and overlays by
// their seals (seals.h), and so requests for approval; contents by their own hash; the documents in
// force by the last revision.

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "core/state/audit_chain.h"
#include "core/state/seals.h"
#include "core/state/store.h"

namespace autopilot::state {

class AuditedRows {
 public:
  explicit AuditedRows(Store& store);

  // What contradicts the entry, or "". Entries come in their order.
  std::string take(const AuditEntry& entry);
  // The rows that no entry vouches for, or that stand otherwise now than the last entry about them
  // says. REQUIRES a transaction in which the chain has no entry after the last one taken.
  std::optional<AuditFault> finish();

  std::int64_t decisions() const { return decisions_; }  // hashed again

 private:
  using Key = std::pair<std::string, std::string>;  // kind, id

  std::string take_decisions(const AuditEntry& entry, const Value& body);
  std::string take_revision(const AuditEntry& entry, const Value& body);
  bool is_as_written(const AuditEntry& entry, const Value& body);
  std::string take_documents(const Value& body);
  void take_request(const AuditEntry& entry, const Value& body);
  std::optional<AuditFault> requests_fault();
  std::string content_fault(const DocumentChange& change, const std::string& hash);
  void load_changes();
  std::string hash_of_set() const;
  std::string unaccounted();
  std::string documents_fault();

  Store& store_;
  Database& database_;
  Statement batch_, content_;  // asked for each entry and each document
  std::int64_t entries_ = 0;
  std::int64_t decisions_ = 0;
  std::int64_t last_decision_ = INT64_MIN;
  std::int64_t revision_ = 0;        // the last one taken
  std::int64_t revision_entry_ = 0;  // that is about it
  std::string revision_hash_ = empty_revision_hash();
  std::string overlays_;                // the last seal of overlays; empty: none yet
  std::map<Key, std::string> set_;      // the documents of the last revision, by their contents
  std::deque<DocumentChange> changes_;  // of the revisions (revision_, loaded_]
  std::int64_t loaded_ = 0;
  struct Sealed {
    std::string seal;
    std::int64_t entry = 0;
  };
  std::map<std::string, Sealed> requests_;  // the last seal of each, by its id
};

}  // namespace autopilot::state
