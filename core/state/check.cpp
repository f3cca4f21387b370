#include "core/state/check.h"

#include <fmt/format.h>

#include <map>

#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/state/audit.h"
#include "core/state/migrations.h"
#include "core/state/overlay.h"
#include "core/state/request_rows.h"

namespace autopilot::state {
namespace {

// Collects what one check finds, up to the limit.
class Findings {
 public:
  explicit Findings(std::vector<std::string>& out) : out_(out) {}
  bool full() const { return out_.size() >= kMaxFindings; }
  void add(std::string what) {
    if (!full()) out_.push_back(std::move(what));
  }

 private:
  std::vector<std::string>& out_;
};

void check_pages(Database& database, bool quick, Findings& findings) {
  Statement rows =
      database.prepare(quick ? "PRAGMA quick_check(10)" : "PRAGMA integrity_check(10)");
  while (rows.step()) {
    if (rows.text(0) != "ok") findings.add(std::string(rows.text(0)));
  }
}

void check_schema(Database& database, Findings& findings) {
  const std::int64_t version = database.user_version();
  if (version != schema_version()) {
    findings.add(
        fmt::format("the file has version {}, this autopilot {}", version, schema_version()));
  }
  Statement found =
      database.prepare("SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = ?1");
  for (const std::string_view table : table_names()) {
    found.bind(table);
    if (!found.step() || found.integer(0) != 1)
      findings.add(fmt::format("the table {} is missing", table));
    found.reset();
  }
  Statement broken = database.prepare("PRAGMA foreign_key_check");
  while (broken.step())
    findings.add(
        fmt::format("a row of {} refers to nothing in {}", broken.text(0), broken.text(2)));
}

void check_contents(Database& database, Findings& findings) {
  Statement rows = database.prepare("SELECT hash, body FROM content");
  while (rows.step() && !findings.full()) {
    if (to_hex(sha256(rows.text(1))) != rows.text(0)) {
      findings.add(fmt::format("the content {} was changed", rows.text(0).substr(0, 12)));
    }
  }
}

std::string id_in(const Value& content) {
  const Value* metadata = content.get("metadata");
  const Value* id = metadata == nullptr ? nullptr : metadata->get("id");
  return id != nullptr && id->is_string() ? id->as_string() : std::string();
}

void check_documents(Store& store, Findings& findings) {
  std::vector<DocumentKey> read;
  for (const policy::Document& d : store.documents()) {
    if (id_in(d.content) != d.id)
      findings.add(fmt::format("{}/{} has the content of another document", d.kind, d.id));
    read.push_back({d.kind, d.id, d.hash, d.protect});
  }
  const std::vector<DocumentKey> keys = store.keys();
  if (keys.size() != read.size()) findings.add("documents lack their content");
  for (std::size_t i = 0; i < keys.size() && i < read.size(); ++i) {
    if (keys[i].protect != read[i].protect)
      findings.add(fmt::format("{}/{} is not protected as it says", keys[i].kind, keys[i].id));
  }
  if (revision_hash(keys) != store.head().hash)
    findings.add("the documents are not those of the newest revision");
}

// The set of documents as it grows from revision to revision.
class History {
 public:
  explicit History(Database& database) : database_(database) {}

  void check(Findings& findings) {
    Statement changes = database_.prepare(
        "SELECT kind, id, content_hash, seq FROM revision_document ORDER BY seq, kind, id");
    Statement revisions = database_.prepare("SELECT seq, hash, parent FROM revision ORDER BY seq");
    bool more = changes.step();
    std::string parent = empty_revision_hash();
    std::int64_t expected = 1;
    while (revisions.step() && !findings.full()) {
      const std::int64_t seq = revisions.integer(0);
      for (; more && changes.integer(3) <= seq; more = changes.step()) change(changes);
      if (seq != expected) findings.add(fmt::format("revision number {} is missing", expected));
      if (revisions.text(2) != parent)
        findings.add(fmt::format("revision number {} does not follow the one before it", seq));
      if (hash() != revisions.text(1))
        findings.add(fmt::format("revision {} does not name its documents", revisions.text(1)));
      parent = revisions.text(1);
      expected = seq + 1;
    }
  }

 private:
  void change(const Statement& row) {
    const std::pair key(std::string(row.text(0)), std::string(row.text(1)));
    if (row.is_null(2)) {
      set_.erase(key);
    } else {
      set_[key] = row.text(2);
    }
  }

  std::string hash() const {
    std::vector<DocumentKey> keys;
    for (const auto& [key, content] : set_) keys.push_back({key.first, key.second, content, false});
    return revision_hash(keys);
  }

  Database& database_;
  std::map<std::pair<std::string, std::string>, std::string> set_;
};

// UUIDv7: 48 bits of milliseconds, 4 of version, 12 of counter. seq is those 60 without the
// version.
std::int64_t seq_of(std::string_view id) {
  std::uint64_t head = 0;
  for (std::size_t i = 0; i < 8; ++i) head = head << 8 | static_cast<unsigned char>(id[i]);
  return static_cast<std::int64_t>((head >> 16) << 12 | (head & 0xfff));
}

void check_ids(Database& database, Findings& findings) {
  Statement rows = database.prepare("SELECT seq, id FROM decision");
  while (rows.step() && !findings.full()) {
    const std::string_view id = rows.blob(1);
    if (id.size() != 16 || seq_of(id) != rows.integer(0)) {
      findings.add(fmt::format("the decision {} is in the wrong place", to_hex(id)));
    }
  }
}

void check_references(Database& database, Findings& findings) {
  const auto count = [&](const char* sql, const char* what) {
    const std::int64_t n = database.integer(sql);
    if (n > 0) findings.add(fmt::format("{} {}", n, what));
  };
  count("SELECT count(*) FROM ledger l LEFT JOIN decision d ON d.seq = l.seq WHERE d.seq IS NULL",
        "rows of the ledger belong to no decision");
  count(
      "SELECT count(*) FROM ledger l LEFT JOIN ledger_account a ON a.account = l.account WHERE "
      "a.account IS NULL",
      "rows of the ledger belong to no account");
  count(
      "SELECT count(*) FROM idempotency i LEFT JOIN decision d ON d.seq = i.seq WHERE d.seq IS "
      "NULL",
      "idempotency keys belong to no decision");
}

void check_audit(Store& store, Findings& findings) {
  const AuditReport report = verify_audit(store);
  if (report.fault) findings.add(report.fault->what);
}

// Runs one check; what it can't read is a finding too.
template <class F>
void run(std::vector<CheckResult>& results, const char* name, const char* about, F check) {
  results.push_back({name, about, {}});
  Findings findings(results.back().findings);
  try {
    check(findings);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::storage && error.kind() != ErrorKind::invalid) throw;
    findings.add(error.what());
  }
}

}  // namespace

std::vector<CheckResult> check_state(Store& store, bool quick) {
  Database& database = store.database();
  std::vector<CheckResult> results;
  run(results, "pages", "pages and indexes of the file",
      [&](Findings& f) { check_pages(database, quick, f); });
  run(results, "schema", "version, tables and references",
      [&](Findings& f) { check_schema(database, f); });
  run(results, "contents", "hashes of document contents",
      [&](Findings& f) { check_contents(database, f); });
  run(results, "documents", "documents and the newest revision",
      [&](Findings& f) { check_documents(store, f); });
  run(results, "overlays", "what is in force other than git wants it", [&](Findings& f) {
    for (std::string& fault : overlay_faults(store)) f.add(std::move(fault));
  });
  run(results, "revisions", "every revision from the first",
      [&](Findings& f) { History(database).check(f); });
  run(results, "decisions", "ids of decisions", [&](Findings& f) { check_ids(database, f); });
  run(results, "ledger", "ledger and idempotency keys",
      [&](Findings& f) { check_references(database, f); });
  run(results, "approvals", "requests for approval and what they are about",
      [&](Findings&) { RequestRows(database).newest(INT64_MAX, false); });
  run(results, "audit", "the audit chain and what it covers",
      [&](Findings& f) { check_audit(store, f); });
  return results;
}

}  // namespace autopilot::state
