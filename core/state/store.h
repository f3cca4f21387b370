#pragma once
// The state: which documents are applied, and every revision before. One file, opened cheaply;
// every other part of core/state works on a Store. Reads nothing but its file.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/sqlite.h"
#include "core/base/time.h"
#include "core/policy/model.h"

namespace autopilot::state {

inline constexpr const char* kApply = "apply";

// One change of what is in force. `hash` names the set of documents after it (32 hex digits),
// `parent` the set before.
struct Revision {
  std::int64_t seq = 0;       // 0: the empty set before the first apply
  std::string what = kApply;  // how it came about; for other words see overlay.h
  std::string hash;
  std::string parent;
  Instant time;
  std::string actor;
  std::string message;  // may be empty
  std::int64_t created = 0;
  std::int64_t updated = 0;
  std::int64_t deleted = 0;
  // The newest decision before it, 0 for none; absent in revisions of older versions.
  std::optional<std::int64_t> last_decision;
};

// What a document is called in a set, without its content.
struct DocumentKey {
  std::string kind;
  std::string id;
  std::string hash;  // 64 hex digits, of the content
  bool protect = false;
};

// The id of a set of documents, REQUIRES them sorted by kind, id: the first 32 hex digits of
// SHA-256 over their lines.
std::string revision_hash(const std::vector<DocumentKey>& sorted);
// Of the empty set.
std::string empty_revision_hash();

// The file that --state names. Throws Error(usage) for a kind of state that this build has not.
std::string state_path(const std::string& url);

inline constexpr Duration kLockTimeout = Duration::seconds(60);

// Not thread-safe: one per thread.
class Store {
 public:
  // Both migrate an older file. A write waits `lock_timeout` for others. Throw Error(storage).
  static std::unique_ptr<Store> open(const std::string& path,  // an existing file
                                     Duration lock_timeout = kLockTimeout);
  static std::unique_ptr<Store> open_or_create(const std::string& path,  // with its folder
                                               Duration lock_timeout = kLockTimeout);
  static bool exists(const std::string& path);

  Database& database() { return *database_; }

  // The newest revision; seq 0 before the first apply.
  Revision head();
  // `HEAD`, `HEAD~2`, a hash or a unique beginning of one (≥ 4 digits). Throws Error(invalid)
  // naming what was asked for.
  Revision find_revision(std::string_view text);
  // By its number; of 0 the empty set.
  Revision revision(std::int64_t seq);
  // The newest first, at most `limit`.
  std::vector<Revision> revisions(std::int64_t limit);

  // Those in force, sorted by kind, id; as policy_from() wants them.
  std::vector<policy::Document> documents();
  std::vector<policy::Document> documents(const Revision& revision);
  // The same as git wanted them, where something else was put in force (overlay.h).
  std::vector<policy::Document> desired_documents(const Revision& revision);
  std::optional<policy::Document> document(std::string_view kind, std::string_view id);
  std::optional<policy::Document> desired_document(std::string_view kind, std::string_view id);
  std::vector<DocumentKey> keys();

  // True the first time that it is asked for this `remark`; a state that cannot be written now has
  // nothing to remark.
  bool mention_once(std::string_view remark);

 private:
  explicit Store(std::unique_ptr<Database> database) : database_(std::move(database)) {}
  std::unique_ptr<Database> database_;
};

}  // namespace autopilot::state
