#include "core/state/seals.h"

#include <fmt/format.h>

#include <algorithm>

namespace autopilot::state {
namespace {

constexpr int kOverlayColumns = 10;
constexpr int kRequestColumns = 12;
constexpr int kApprovalColumns = 12;

std::string seal_of_documents(Database& database, std::int64_t seq,
                              const std::vector<Replacement>& replacements) {
  std::vector<std::pair<std::string_view, std::string_view>> keys;
  for (const Replacement& r : replacements) keys.emplace_back(r.kind, r.id);
  std::sort(keys.begin(), keys.end());
  Statement row = database.prepare(
      fmt::format("SELECT {} FROM revision_document WHERE kind = ?1 AND id = ?2 AND seq = ?3",
                  DocumentChange::kColumns));
  std::vector<DocumentChange> changes;
  for (const auto& [kind, id] : keys) {
    row.bind(kind, id, seq);
    if (row.step()) changes.push_back(DocumentChange::from(row));
    row.reset();
  }
  return seal_of(changes);
}

std::optional<std::string> text_or_null(const Statement& row, int column) {
  if (row.is_null(column)) return std::nullopt;
  return std::string(row.text(column));
}

}  // namespace

// Null, or its length and its text: no two rows look the same.
void Seal::add(std::optional<std::string_view> column) {
  if (!column) return hash_.update("-");
  hash_.update(std::to_string(column->size()) + ":");
  hash_.update(*column);
}

void Seal::end_row() { hash_.update("\n"); }

void Seal::add_row(const Statement& row, int columns) {
  for (int i = 0; i < columns; ++i) {
    if (row.is_null(i)) {
      add(std::nullopt);
    } else {
      add(row.text(i));
    }
  }
  end_row();
}

std::string Seal::finish() { return to_hex(hash_.finish()); }

DocumentChange DocumentChange::from(const Statement& row) {
  return {std::string(row.text(0)), std::string(row.text(1)), row.integer(2), text_or_null(row, 3),
          text_or_null(row, 4)};
}

std::string seal_of(std::span<const DocumentChange> changes) {
  Seal seal;
  for (const DocumentChange& c : changes) {
    seal.add(c.kind);
    seal.add(c.id);
    seal.add(std::to_string(c.revision));
    seal.add(c.content);
    seal.add(c.desired);
    seal.end_row();
  }
  return seal.finish();
}

std::string seal_of_overlays(Database& database) {
  Statement rows = database.prepare(
      "SELECT kind, id, field, value, desired_hash, what, reason, actor, time, expires FROM "
      "overlay ORDER BY kind, id, field");
  Seal seal;
  while (rows.step()) seal.add_row(rows, kOverlayColumns);
  return seal.finish();
}

std::string seal_of_request(Database& database, std::string_view id) {
  Seal seal;
  Statement request = database.prepare(
      "SELECT id, kind, subject, digest, body, content, created, expires, status, closed, "
      "closed_by, reason FROM request WHERE id = ?1");
  request.bind(id);
  while (request.step()) seal.add_row(request, kRequestColumns);
  Statement approvals = database.prepare(
      "SELECT seq, request, actor, identity, role, verdict, note, time, signature, fingerprint, "
      "principal, revoked FROM approval WHERE request = ?1 ORDER BY seq");
  approvals.bind(id);
  while (approvals.step()) seal.add_row(approvals, kApprovalColumns);
  return seal.finish();
}

void add_seals(Database& database, const Revision& revision,
               const std::vector<Replacement>& replacements, Map& body) {
  body.append("documents", seal_of_documents(database, revision.seq, replacements));
  body.append("overlays", seal_of_overlays(database));
  body.append("last_decision", revision.last_decision.value_or(0));
}

}  // namespace autopilot::state
