#include "core/state/revise.h"

#include "core/base/json.h"

namespace autopilot::state {
namespace {

void insert_revision(Database& database, const Revision& r) {
  database
      .prepare(
          "INSERT INTO revision (seq, hash, parent, time, actor, message, created, updated, "
          "deleted, what, last_decision) VALUES (?1, '', ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)")
      .run(r.seq, r.parent, r.time.micros(), r.actor, r.message, r.created, r.updated, r.deleted,
           r.what, r.last_decision);
}

void write_documents(Database& database, std::int64_t seq,
                     const std::vector<Replacement>& replacements) {
  Statement content = database.prepare(
      "INSERT INTO content (hash, body) VALUES (?1, ?2) ON CONFLICT (hash) DO NOTHING");
  Statement document = database.prepare(
      "INSERT INTO document (kind, id, content_hash, protect) VALUES (?1, ?2, ?3, ?4) ON "
      "CONFLICT (kind, id) "
      "DO UPDATE SET content_hash = excluded.content_hash, protect = excluded.protect");
  Statement remove = database.prepare("DELETE FROM document WHERE kind = ?1 AND id = ?2");
  Statement history = database.prepare(
      "INSERT INTO revision_document (kind, id, seq, content_hash, desired_hash) VALUES (?1, ?2, "
      "?3, ?4, ?5)");
  Statement end = database.prepare("DELETE FROM overlay WHERE kind = ?1 AND id = ?2");
  for (const Replacement& r : replacements) {
    if (r.desired.empty()) end.run(r.kind, r.id);
    if (r.after == nullptr) {
      remove.run(r.kind, r.id);
      history.run(r.kind, r.id, seq, nullptr, nullptr);
      continue;
    }
    content.run(r.after->hash, to_canonical_json(r.after->content));
    document.run(r.kind, r.id, r.after->hash, r.after->protect);
    const auto desired = r.desired.empty() ? std::nullopt : std::optional(r.desired);
    history.run(r.kind, r.id, seq, r.after->hash, desired);
  }
}

}  // namespace

Revision revise(Store& store, Revision draft, const std::vector<Replacement>& replacements) {
  Database& database = store.database();
  const Revision before = store.head();
  draft.seq = before.seq + 1;
  draft.parent = before.hash;
  draft.time = Instant::from_micros(draft.time.micros());
  draft.last_decision = database.integer("SELECT coalesce(max(seq), 0) FROM decision");
  insert_revision(database, draft);
  write_documents(database, draft.seq, replacements);
  draft.hash = revision_hash(store.keys());
  database.prepare("UPDATE revision SET hash = ?1 WHERE seq = ?2").run(draft.hash, draft.seq);
  return draft;
}

}  // namespace autopilot::state
