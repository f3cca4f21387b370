#include "core/state/migrations.h"

#include <fmt/format.h>

#include <array>

#include "core/base/error.h"
#include "core/state/migration_deploy.h"
#include "core/state/migration_loop.h"

namespace autopilot::state {
namespace {

constexpr const char* kVersion1 = R"sql(
-- Facts about the file itself.
CREATE TABLE meta (
  key TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
) STRICT;

-- Document contents by what they are: canonical JSON and its SHA-256 in hex. Never changed, never removed.
CREATE TABLE content (
  hash TEXT NOT NULL PRIMARY KEY,
  body TEXT NOT NULL
) STRICT;

-- One row per apply. A revision's hash is that of its whole set of documents, so the same set has the same hash.
CREATE TABLE revision (
  seq INTEGER PRIMARY KEY,
  hash TEXT NOT NULL,
  parent TEXT NOT NULL,
  time INTEGER NOT NULL,
  actor TEXT NOT NULL,
  message TEXT NOT NULL,
  created INTEGER NOT NULL,
  updated INTEGER NOT NULL,
  deleted INTEGER NOT NULL
) STRICT;
CREATE INDEX revision_by_hash ON revision (hash);

-- What each revision changed: the document's content from then on, null for deleted. The set of a revision is, for each
-- document, its last row up to there.
CREATE TABLE revision_document (
  kind TEXT NOT NULL,
  id TEXT NOT NULL,
  seq INTEGER NOT NULL REFERENCES revision (seq),
  content_hash TEXT REFERENCES content (hash),
  PRIMARY KEY (kind, id, seq)
) STRICT, WITHOUT ROWID;

-- The documents of the newest revision.
CREATE TABLE document (
  kind TEXT NOT NULL,
  id TEXT NOT NULL,
  content_hash TEXT NOT NULL REFERENCES content (hash),
  protect INTEGER NOT NULL,
  PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;

-- The chain of core/base/audit.h.
CREATE TABLE audit (
  seq INTEGER PRIMARY KEY,
  time INTEGER NOT NULL,
  actor TEXT NOT NULL,
  kind TEXT NOT NULL,
  body TEXT NOT NULL,
  hash BLOB NOT NULL
) STRICT;

-- Leases. Times are microseconds.
CREATE TABLE lock (
  name TEXT NOT NULL PRIMARY KEY,
  holder TEXT NOT NULL,
  pid INTEGER NOT NULL,
  host TEXT NOT NULL,
  boot_id TEXT NOT NULL,
  started INTEGER NOT NULL,
  heartbeat INTEGER NOT NULL,
  expires INTEGER NOT NULL,
  reason TEXT NOT NULL
) STRICT;

-- seq is the first 60 bits of the UUIDv7 id (milliseconds << 12 | counter); body is the canonical decision line.
CREATE TABLE decision (
  seq INTEGER PRIMARY KEY,
  id BLOB NOT NULL,
  result INTEGER NOT NULL,
  body TEXT NOT NULL
) STRICT;

-- Which decision answered an algorithm's idempotency key.
CREATE TABLE idempotency (
  algorithm TEXT NOT NULL,
  key TEXT NOT NULL,
  seq INTEGER NOT NULL,
  PRIMARY KEY (algorithm, key)
) STRICT, WITHOUT ROWID;

-- name is the canonical text of (ledger, policy, limit, key, run).
CREATE TABLE ledger_account (
  account INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;

-- at is in microseconds, amount in micro-units, seq that of the decision that consumed it.
CREATE TABLE ledger (
  account INTEGER NOT NULL,
  at INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  amount INTEGER NOT NULL,
  PRIMARY KEY (account, at, seq)
) STRICT, WITHOUT ROWID;
)sql";

constexpr const char* kVersion2 = R"sql(
-- Fields of documents that are in force other than git wants them: one row for each field of a spec. What is in force is
-- the wanted content with these values; what comes of it stands in document and revision_document.
CREATE TABLE overlay (
  kind TEXT NOT NULL,
  id TEXT NOT NULL,
  field TEXT NOT NULL,
  value TEXT NOT NULL,
  desired_hash TEXT NOT NULL REFERENCES content (hash),
  what TEXT NOT NULL,
  reason TEXT NOT NULL,
  actor TEXT NOT NULL,
  time INTEGER NOT NULL,
  expires INTEGER,
  PRIMARY KEY (kind, id, field)
) STRICT, WITHOUT ROWID;

-- How a revision came about, and the newest decision before it: 0 for none, null when that was not written down.
ALTER TABLE revision ADD COLUMN what TEXT NOT NULL DEFAULT 'apply';
ALTER TABLE revision ADD COLUMN last_decision INTEGER;

-- What git wanted in the place of content_hash; null when that is the same.
ALTER TABLE revision_document ADD COLUMN desired_hash TEXT REFERENCES content (hash);

-- How far the rollback rule of a policy was judged, under the revision seq that put it in force: the last point looked
-- at, and since when its condition holds. Microseconds.
CREATE TABLE watch (
  id TEXT NOT NULL PRIMARY KEY,
  seq INTEGER NOT NULL,
  judged INTEGER NOT NULL,
  held_since INTEGER
) STRICT, WITHOUT ROWID;
)sql";

constexpr const char* kVersion3 = R"sql(
-- What waits for approval. id is the beginning of the SHA-256 of body, which says everything that never changes: what it
-- is about, who asks, how much approval it takes, until when. digest is the SHA-256 of content, the very thing to approve.
-- status is open, rejected, revoked or consumed; whether it is granted or expired follows from the approvals and the time.
CREATE TABLE request (
  id TEXT NOT NULL PRIMARY KEY,
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  digest TEXT NOT NULL,
  body TEXT NOT NULL,
  content TEXT NOT NULL,
  created INTEGER NOT NULL,
  expires INTEGER NOT NULL,
  status TEXT NOT NULL,
  closed INTEGER,
  closed_by TEXT NOT NULL,
  reason TEXT NOT NULL
) STRICT;
CREATE INDEX request_by_digest ON request (digest);
CREATE INDEX request_by_subject ON request (subject);
CREATE INDEX request_by_time ON request (created);

-- What people said of a request: verdict is approve or reject. Texts are empty where there is nothing to say.
CREATE TABLE approval (
  seq INTEGER PRIMARY KEY,
  request TEXT NOT NULL REFERENCES request (id),
  actor TEXT NOT NULL,
  identity TEXT NOT NULL,
  role TEXT NOT NULL,
  verdict TEXT NOT NULL,
  note TEXT NOT NULL,
  time INTEGER NOT NULL,
  signature TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  principal TEXT NOT NULL,
  revoked INTEGER
) STRICT;
CREATE INDEX approval_by_request ON approval (request);

-- The decisions that wait (result 2): few, so that the others pay nothing for being told apart.
CREATE INDEX decision_pending ON decision (result) WHERE result = 2;
)sql";

// A process id alone may be another process's by now. Clock ticks since boot.
constexpr const char* kVersion6 = R"sql(
ALTER TABLE deploy_lease ADD COLUMN process_start TEXT NOT NULL DEFAULT '';
)sql";

constexpr std::array<std::string_view, 24> kTables = {
    "meta",           "content",       "revision",      "revision_document", "document",
    "audit",          "lock",          "decision",      "idempotency",       "ledger_account",
    "ledger",         "overlay",       "watch",         "request",           "approval",
    "deploy_rollout", "deploy_effect", "deploy_sample", "deploy_event",      "deploy_request",
    "deploy_lease",   "loop_cursor",   "loop_count",    "loop_step"};

constexpr std::array kMigrations = {Migration{1, kVersion1},       Migration{2, kVersion2},
                                    Migration{3, kVersion3},       Migration{4, kDeploySql},
                                    Migration{5, kLoopSql},        Migration{6, kVersion6},
                                    Migration{7, kLoopSegmentsSql}};

}  // namespace

std::span<const Migration> migrations() { return kMigrations; }
std::span<const std::string_view> table_names() { return kTables; }
std::int64_t schema_version() { return kMigrations.back().to; }

std::string backup_path(const std::string& path, std::int64_t version) {
  return fmt::format("{}.v{}.backup", path, version);
}

void migrate(Database& database, std::span<const Migration> steps) {
  const std::int64_t newest = steps.back().to;
  const std::int64_t present = database.user_version();
  if (present == newest) return;
  if (present > newest) {
    throw Error(ErrorKind::storage,
                fmt::format("the state {} was written by a newer autopilot (version {} of the "
                            "file, this one knows {})",
                            database.path(), present, newest),
                "use the newer autopilot, or restore a backup from before it");
  }
  const bool has_content = database.integer("SELECT count(*) FROM sqlite_master") > 0;
  if (has_content) database.copy_to(backup_path(database.path(), present));
  for (const Migration& step : steps) {
    WriteTransaction transaction(database);
    if (database.user_version() >= step.to) continue;  // done, or another process was faster
    database.execute(step.sql);
    database.set_user_version(step.to);
    transaction.commit();
  }
}

}  // namespace autopilot::state
