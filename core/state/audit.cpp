#include "core/state/audit.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/json.h"
#include "core/state/overlay.h"

namespace autopilot::state {
namespace {

constexpr std::int64_t kPage = 500;  // entries read at once

struct Stored {
  AuditEntry entry;
  std::string hash;  // 32 bytes
};

std::string_view bytes_of(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

AuditEntry read_entry(const Statement& row) {
  AuditEntry entry;
  entry.seq = row.integer(0);
  entry.time = row.integer(1);
  entry.actor = row.text(2);
  entry.kind = row.text(3);
  entry.body = row.text(4);
  return entry;
}

std::vector<Stored> read_page(Database& database, std::int64_t after, std::int64_t until) {
  Statement rows = database.prepare(
      "SELECT seq, time, actor, kind, body, hash FROM audit WHERE seq > ?1 AND seq <= ?2 ORDER BY "
      "seq LIMIT ?3");
  rows.bind(after, until, kPage);
  std::vector<Stored> page;
  while (rows.step()) page.push_back({read_entry(rows), std::string(rows.blob(5))});
  return page;
}

// Follows the entries in order and remembers what the next one must fit.
class Verifier {
 public:
  explicit Verifier(Store& store) : database_(store.database()) {}

  AuditReport run() {
    const Bounds bounds = read_bounds();
    std::int64_t after = 0;
    for (;;) {
      const std::vector<Stored> page = read_page(database_, after, bounds.entries);
      for (const Stored& stored : page) {
        if (!take(stored)) return finish();
      }
      if (page.empty()) break;
      after = page.back().entry.seq;
    }
    check_end(bounds);
    return finish();
  }

 private:
  struct Bounds {
    std::int64_t entries = 0;
    std::int64_t decisions = 0;
    std::int64_t revisions = 0;
  };

  // What belongs together at one moment; later additions are not looked at.
  Bounds read_bounds() {
    const ReadTransaction view(database_);
    return {database_.integer("SELECT max(seq) FROM audit"),
            database_.integer("SELECT max(seq) FROM decision"),
            database_.integer("SELECT max(seq) FROM revision")};
  }

  AuditReport finish() {
    report_.head = to_hex(previous_);
    return std::move(report_);
  }

  bool fail(std::int64_t seq, std::string what) {
    if (!report_.fault) report_.fault = AuditFault{seq, std::move(what)};
    return false;
  }

  bool take(const Stored& stored) {
    const AuditEntry& entry = stored.entry;
    if (entry.seq != report_.entries + 1) {
      return fail(report_.entries + 1, fmt::format("entry {} is missing", report_.entries + 1));
    }
    const Digest hash = audit_hash(previous_, entry);
    if (stored.hash != bytes_of(hash))
      return fail(entry.seq, fmt::format("entry {} ({}) was changed", entry.seq, entry.kind));
    if (entry.kind == "decisions" && !check_decisions(entry)) return false;
    if (makes_revision(entry.kind) && !check_revision(entry)) return false;
    previous_ = hash;
    ++report_.entries;
    return true;
  }

  static std::int64_t number(const Value& body, std::string_view key) {
    const Value* value = body.get(key);
    return value != nullptr && value->kind() == Value::Kind::integer ? value->as_int() : -1;
  }

  static std::string text(const Value& body, std::string_view key) {
    const Value* value = body.get(key);
    return value != nullptr && value->is_string() ? value->as_string() : std::string();
  }

  bool check_decisions(const AuditEntry& entry) {
    const JsonResult body = parse_json(entry.body);
    const std::int64_t first = number(body.value, "first");
    const std::int64_t last = number(body.value, "last");
    if (!body.ok || first <= last_decision_ || last < first) {
      return fail(entry.seq,
                  fmt::format("entry {} is about decisions that an earlier one covers", entry.seq));
    }
    Statement rows = database_.prepare(
        "SELECT seq, id, result, body FROM decision WHERE seq > ?1 AND seq <= ?2 ORDER BY seq");
    rows.bind(last_decision_, last);
    DecisionBatch batch;
    while (rows.step()) {
      if (rows.integer(0) < first)
        return fail(entry.seq, fmt::format("decision {} was added", to_hex(rows.blob(1))));
      batch.add(rows.integer(0), rows.blob(1), rows.integer(2), rows.text(3));
    }
    return compare(entry, body.value, batch, last);
  }

  bool compare(const AuditEntry& entry, const Value& body, DecisionBatch& batch,
               std::int64_t last) {
    const std::int64_t count = batch.count();
    const bool same =
        count == number(body, "count") && text(batch.summary(), "sha256") == text(body, "sha256");
    if (!same) {
      return fail(
          entry.seq,
          fmt::format("of the {} decisions of entry {} some were changed or removed ({} are there)",
                      number(body, "count"), entry.seq, count));
    }
    last_decision_ = last;
    report_.decisions += count;
    return true;
  }

  bool check_revision(const AuditEntry& entry) {
    const JsonResult body = parse_json(entry.body);
    const std::int64_t seq = number(body.value, "seq");
    Statement row =
        database_.prepare("SELECT hash, parent, actor, time FROM revision WHERE seq = ?1");
    row.bind(seq);
    const bool same = body.ok && seq == last_revision_ + 1 && row.step() &&
                      row.text(0) == text(body.value, "revision") &&
                      row.text(1) == text(body.value, "parent") && row.text(2) == entry.actor &&
                      row.integer(3) == entry.time;
    if (!same)
      return fail(entry.seq, fmt::format("revision {} is not as entry {} says", seq, entry.seq));
    last_revision_ = seq;
    return true;
  }

  // What the chain doesn't cover was added without it, or the chain's end was cut off.
  void check_end(const Bounds& bounds) {
    if (report_.entries < bounds.entries)
      fail(report_.entries + 1, fmt::format("entry {} is missing", report_.entries + 1));
    if (last_decision_ < bounds.decisions) {
      fail(report_.entries + 1,
           "there are decisions after the last entry; entries at the end were removed");
    }
    if (last_revision_ < bounds.revisions) {
      fail(report_.entries + 1,
           "there are revisions after the last entry; entries at the end were removed");
    }
  }

  Database& database_;
  AuditReport report_;
  Digest previous_ = audit_origin();
  std::int64_t last_decision_ = 0;
  std::int64_t last_revision_ = 0;
};

}  // namespace

AuditReport verify_audit(Store& store) { return Verifier(store).run(); }

std::vector<AuditEntry> recent_audit(Store& store, std::int64_t limit) {
  Statement rows = store.database().prepare(
      "SELECT seq, time, actor, kind, body FROM audit ORDER BY seq DESC LIMIT ?1");
  rows.bind(limit);
  std::vector<AuditEntry> entries;
  while (rows.step()) entries.push_back(read_entry(rows));
  return entries;
}

}  // namespace autopilot::state
