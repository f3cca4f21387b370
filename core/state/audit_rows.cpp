#include "core/state/audit_rows.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/json.h"
#include "core/state/overlay.h"

namespace autopilot::state {
namespace {

constexpr std::int64_t kRevisionsAtOnce = 1024;

std::int64_t number(const Value& body, std::string_view key, std::int64_t otherwise = -1) {
  const Value* value = body.get(key);
  return value != nullptr && value->kind() == Value::Kind::integer ? value->as_int() : otherwise;
}

std::string text(const Value& body, std::string_view key) {
  const Value* value = body.get(key);
  return value != nullptr && value->is_string() ? value->as_string() : std::string();
}

}  // namespace

AuditedRows::AuditedRows(Store& store)
    : store_(store),
      database_(store.database()),
      batch_(database_.prepare("SELECT seq, id, result, body FROM decision WHERE seq > ?1 AND seq "
                               "<= ?2 ORDER BY seq")),
      content_(database_.prepare("SELECT body FROM content WHERE hash = ?1")) {}

std::string AuditedRows::take(const AuditEntry& entry) {
  entries_ = entry.seq;
  const bool about_decisions = entry.kind == "decisions";
  const bool about_request = entry.body.find("\"seal\":") != std::string::npos;
  if (!about_decisions && !about_request && !makes_revision(entry.kind)) return "";
  const JsonResult body = parse_json(entry.body);
  if (!body.ok) return fmt::format("entry {} cannot be read: {}", entry.seq, body.fault.message);
  if (about_decisions) return take_decisions(entry, body.value);
  if (makes_revision(entry.kind)) return take_revision(entry, body.value);
  take_request(entry, body.value);
  return "";
}

void AuditedRows::take_request(const AuditEntry& entry, const Value& body) {
  const std::string id = text(body, "request"), seal = text(body, "seal");
  if (!id.empty() && !seal.empty()) requests_[id] = {seal, entry.seq};
}

std::string AuditedRows::take_decisions(const AuditEntry& entry, const Value& body) {
  const std::int64_t first = number(body, "first");
  const std::int64_t last = number(body, "last");
  if (first <= last_decision_ || last < first)
    return fmt::format("entry {} is about decisions that an earlier one covers", entry.seq);
  batch_.bind(last_decision_, last);
  DecisionBatch batch;
  while (batch_.step()) {
    if (batch_.integer(0) < first)
      return fmt::format("decision {} was added", to_hex(batch_.blob(1)));
    batch.add(batch_.integer(0), batch_.blob(1), batch_.integer(2), batch_.text(3));
  }
  const std::int64_t count = batch.count();
  if (count != number(body, "count") || text(batch.summary(), "sha256") != text(body, "sha256")) {
    return fmt::format(
        "of the {} decisions of entry {} some were changed or removed ({} are there)",
        number(body, "count"), entry.seq, count);
  }
  last_decision_ = last;
  decisions_ += count;
  return "";
}

std::string AuditedRows::take_revision(const AuditEntry& entry, const Value& body) {
  ++revision_;
  if (!is_as_written(entry, body)) {
    return fmt::format("revision {} is not as entry {} says", number(body, "seq"), entry.seq);
  }
  revision_entry_ = entry.seq;
  revision_hash_ = text(body, "revision");
  if (std::string fault = take_documents(body); !fault.empty()) return fault;
  if (const std::string seal = text(body, "overlays"); !seal.empty()) overlays_ = seal;
  return "";
}

bool AuditedRows::is_as_written(const AuditEntry& entry, const Value& body) {
  Statement row = database_.prepare(
      "SELECT hash, parent, actor, time, what, message, created, updated, deleted, last_decision "
      "FROM revision WHERE seq = ?1");
  row.bind(revision_);
  if (number(body, "seq") != revision_ || !row.step()) return false;
  // Entries of older versions leave out what follows from the chain, and their revisions may.
  const std::int64_t last =
      number(body, "last_decision", std::max(last_decision_, std::int64_t{0}));
  const bool may_be_null = body.get("last_decision") == nullptr;
  const bool is_apply = entry.kind == kApply;
  return row.text(0) == text(body, "revision") && row.text(1) == text(body, "parent") &&
         row.text(1) == revision_hash_ && row.text(2) == entry.actor &&
         row.integer(3) == entry.time && row.text(4) == entry.kind &&
         row.text(5) == text(body, "message") &&
         row.integer(6) == (is_apply ? number(body, "created") : 0) &&
         row.integer(7) == (is_apply ? number(body, "updated") : 1) &&
         row.integer(8) == (is_apply ? number(body, "deleted") : 0) &&
         (row.is_null(9) ? may_be_null : row.integer(9) == last);
}

std::string AuditedRows::take_documents(const Value& body) {
  if (loaded_ < revision_) load_changes();
  std::vector<DocumentChange> mine;
  for (; !changes_.empty() && changes_.front().revision <= revision_; changes_.pop_front())
    mine.push_back(std::move(changes_.front()));
  const std::string seal = text(body, "documents");
  if (!seal.empty() && seal != seal_of(mine))
    return fmt::format("what revision {} did to documents is not as entry {} says", revision_,
                       revision_entry_);
  for (const DocumentChange& c : mine) {
    for (const auto& hash : {c.content, c.desired}) {
      if (!hash) continue;
      if (std::string fault = content_fault(c, *hash); !fault.empty()) return fault;
    }
    if (c.content) {
      set_[{c.kind, c.id}] = *c.content;
    } else {
      set_.erase({c.kind, c.id});
    }
  }
  if (seal.empty() && hash_of_set() != revision_hash_)
    return fmt::format("revision {} does not name its documents", revision_);
  return "";
}

void AuditedRows::load_changes() {
  const std::int64_t newest = database_.integer("SELECT max(seq) FROM revision");
  loaded_ = std::min(newest, revision_ + kRevisionsAtOnce);
  Statement rows = database_.prepare(
      fmt::format("SELECT {} FROM revision_document WHERE seq >= ?1 AND seq <= ?2 ORDER BY seq, "
                  "kind, id",
                  DocumentChange::kColumns));
  rows.bind(revision_, loaded_);
  while (rows.step()) changes_.push_back(DocumentChange::from(rows));
}

std::string AuditedRows::content_fault(const DocumentChange& change, const std::string& hash) {
  content_.bind(hash);
  const bool there = content_.step();
  const bool holds = there && to_hex(sha256(content_.text(0))) == hash;
  content_.reset();
  if (holds) return "";
  return fmt::format("the content {} of {}/{}, of entry {}, {}", hash.substr(0, 12), change.kind,
                     change.id, revision_entry_, there ? "was changed" : "is missing");
}

std::string AuditedRows::hash_of_set() const {
  std::vector<DocumentKey> keys;
  for (const auto& [key, content] : set_) keys.push_back({key.first, key.second, content, false});
  return revision_hash(keys);
}

std::optional<AuditFault> AuditedRows::finish() {
  if (std::string what = unaccounted(); !what.empty())
    return AuditFault{entries_ + 1, std::move(what)};
  if (std::string what = documents_fault(); !what.empty())
    return AuditFault{revision_entry_, std::move(what)};
  if (!overlays_.empty() && seal_of_overlays(database_) != overlays_) {
    return AuditFault{revision_entry_,
                      fmt::format("the overlays are not as entry {} says", revision_entry_)};
  }
  return requests_fault();
}

std::optional<AuditFault> AuditedRows::requests_fault() {
  std::optional<AuditFault> first;
  for (const auto& [id, sealed] : requests_) {
    if (seal_of_request(database_, id) == sealed.seal) continue;
    if (first && first->seq < sealed.entry) continue;
    first = AuditFault{sealed.entry,
                       fmt::format("the request {} or its approvals are not as entry {} says",
                                   id.substr(0, 12), sealed.entry)};
  }
  if (first) return first;
  Statement rows = database_.prepare("SELECT id FROM request UNION SELECT request FROM approval");
  while (rows.step()) {
    if (requests_.contains(std::string(rows.text(0)))) continue;
    return AuditFault{entries_ + 1, fmt::format("no entry is about the request {} or its approvals",
                                                rows.text(0).substr(0, 12))};
  }
  return std::nullopt;
}

// Rows that the chain doesn't know were added without it, or the chain's end was cut off.
std::string AuditedRows::unaccounted() {
  constexpr const char* kCut = "entries at the end were removed";
  if (database_.integer("SELECT max(seq) FROM decision") > std::max(last_decision_, INT64_C(0)))
    return fmt::format("there are decisions after the last entry; {}", kCut);
  if (database_.integer("SELECT max(seq) FROM revision") > revision_)
    return fmt::format("there are revisions after the last entry; {}", kCut);
  if (database_.integer("SELECT count(*) FROM revision") != revision_)
    return "there are revisions that no entry is about";
  Statement other =
      database_.prepare("SELECT kind, id FROM revision_document WHERE seq < 1 OR seq > ?1");
  other.bind(revision_);
  if (!other.step()) return "";
  return fmt::format("{}/{} has a change that belongs to no revision", other.text(0),
                     other.text(1));
}

std::string AuditedRows::documents_fault() {
  const std::vector<DocumentKey> keys = store_.keys();
  if (revision_hash(keys) != revision_hash_ || hash_of_set() != revision_hash_) {
    return fmt::format("the documents in force are not those of revision {}, of entry {}",
                       revision_, revision_entry_);
  }
  if (database_.integer("SELECT count(*) FROM document WHERE protect NOT IN (0, 1)") > 0)
    return "there are documents that are neither protected nor not";
  const std::vector<policy::Document> documents = store_.documents();
  for (std::size_t i = 0; i < keys.size() && i < documents.size(); ++i) {
    if (keys[i].protect == documents[i].protect) continue;
    return fmt::format("{}/{} is not protected as entry {} says", keys[i].kind, keys[i].id,
                       revision_entry_);
  }
  return "";
}

}  // namespace autopilot::state
