#pragma once
// How the audit chain vouches for rows of other tables: the entry about a change carries the seal
// of what it leaves, a hash over every column of every row. `audit verify` computes them again.
// What carries its own hash (contents, sets of documents, decisions in batches) needs none.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/hash.h"
#include "core/base/sqlite.h"
#include "core/base/value.h"
#include "core/state/revise.h"

namespace autopilot::state {

class Seal {
 public:
  void add(std::optional<std::string_view> column);
  void end_row();
  void add_row(const Statement& row, int columns);  // its first `columns`
  std::string finish();                             // 64 hex digits; starts anew

 private:
  Sha256 hash_;
};

// A row of revision_document: what a revision made of one document.
struct DocumentChange {
  std::string kind, id;
  std::int64_t revision = 0;
  std::optional<std::string> content, desired;  // hashes

  static constexpr const char* kColumns = "kind, id, seq, content_hash, desired_hash";
  static DocumentChange from(const Statement& row);  // of these columns
};
// The seal of what one revision did, REQUIRES rows sorted by kind, id.
std::string seal_of(std::span<const DocumentChange> changes);

// All that is in force other than git wants it.
std::string seal_of_overlays(Database& database);

// One request for approval with all that people said of it.
std::string seal_of_request(Database& database, std::string_view id);

// Adds to the body of an entry about a revision what seals it: "documents" (what it did to each),
// "overlays" and "last_decision". REQUIRES its transaction, with all its rows written.
void add_seals(Database& database, const Revision& revision,
               const std::vector<Replacement>& replacements, Map& body);

}  // namespace autopilot::state
