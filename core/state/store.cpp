#include "core/state/store.h"

#include <fmt/format.h>

#include <charconv>

#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/state/migrations.h"

namespace autopilot::state {
namespace {

constexpr const char* kRevisionColumns =
    "SELECT seq, hash, parent, time, actor, message, created, updated, deleted, what, "
    "last_decision FROM revision ";

// The documents of one revision; `{}` is the content to take.
constexpr const char* kDocumentsThen =
    "SELECT r.kind, r.id, c.hash, c.body FROM revision_document r JOIN content c ON c.hash = {} "
    "WHERE r.content_hash IS NOT NULL AND r.seq = (SELECT max(s.seq) FROM revision_document s "
    "WHERE s.kind = r.kind AND s.id = r.id AND s.seq <= ?1) ORDER BY r.kind, r.id";

constexpr std::size_t kShortestPrefix = 4;

Revision read_revision(const Statement& row) {
  Revision r;
  r.seq = row.integer(0);
  r.hash = row.text(1);
  r.parent = row.text(2);
  r.time = Instant::from_micros(row.integer(3));
  r.actor = row.text(4);
  r.message = row.text(5);
  r.created = row.integer(6);
  r.updated = row.integer(7);
  r.deleted = row.integer(8);
  r.what = row.text(9);
  if (!row.is_null(10)) r.last_decision = row.integer(10);
  return r;
}

Revision before_all() {
  Revision r;
  r.hash = empty_revision_hash();
  return r;
}

[[noreturn]] void damaged(const policy::Document& d, std::string_view why) {
  throw Error(ErrorKind::storage,
              fmt::format("{}/{} in the state is damaged: {}", d.kind, d.id, why),
              "`autopilot state check` tells what is damaged; restore a backup");
}

// Columns: kind, id, hash, body. What was changed by hand shall decide nothing.
policy::Document read_document(const Statement& row) {
  policy::Document d;
  d.kind = row.text(0);
  d.id = row.text(1);
  d.hash = row.text(2);
  JsonResult parsed = parse_json(row.text(3));
  if (!parsed.ok) damaged(d, parsed.fault.message);
  if (to_hex(sha256(row.text(3))) != d.hash) damaged(d, "it was changed behind autopilot's back");
  d.content = std::move(parsed.value);
  const Value* metadata = d.content.get("metadata");
  const Value* protect = metadata == nullptr ? nullptr : metadata->get("protect");
  d.protect = protect != nullptr && protect->is_bool() && protect->as_bool();
  return d;
}

std::vector<policy::Document> read_documents(Statement& rows) {
  std::vector<policy::Document> documents;
  while (rows.step()) documents.push_back(read_document(rows));
  return documents;
}

// The n of "HEAD~n", 0 for "HEAD"; null for other text.
std::optional<std::int64_t> steps_back(std::string_view text) {
  if (text == "HEAD" || text == "@") return 0;
  if (!text.starts_with("HEAD~")) return std::nullopt;
  text.remove_prefix(5);
  if (text.empty()) return 1;
  std::int64_t n = -1;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), n);
  if (end.ec != std::errc() || end.ptr != text.data() + text.size() || n < 0) return std::nullopt;
  return n;
}

bool is_hash_prefix(std::string_view text) {
  return text.size() >= kShortestPrefix && text.size() <= 32 &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

[[noreturn]] void unknown_revision(std::string_view text) {
  throw Error(ErrorKind::invalid, fmt::format("there is no revision {}", text),
              "`autopilot log` lists them; HEAD is the newest, HEAD~1 the one before it");
}

}  // namespace

std::string revision_hash(const std::vector<DocumentKey>& sorted) {
  Sha256 hash;
  for (const DocumentKey& d : sorted) {
    hash.update(d.kind);
    hash.update(std::string_view("\0", 1));
    hash.update(d.id);
    hash.update(std::string_view("\0", 1));
    hash.update(d.hash);
    hash.update("\n");
  }
  return to_hex(hash.finish()).substr(0, 32);
}

std::string empty_revision_hash() { return revision_hash({}); }

std::string state_path(const std::string& url) {
  const std::size_t colon = url.find("://");
  if (colon == std::string::npos) return url;
  const std::string scheme = url.substr(0, colon);
  if (scheme == "sqlite" || scheme == "file") return url.substr(colon + 3);
  throw Error(ErrorKind::usage,
              fmt::format("a state at {}:// is not supported in this build", scheme),
              "name a file: --state PATH");
}

bool Store::exists(const std::string& path) { return Database::exists(path); }

std::unique_ptr<Store> Store::open(const std::string& path, Duration lock_timeout) {
  if (!exists(path)) {
    throw Error(ErrorKind::storage, fmt::format("there is no state at {}", path),
                "`autopilot apply` creates it; --state names another file");
  }
  auto database = std::make_unique<Database>(path, DatabaseOptions{lock_timeout});
  migrate(*database, migrations());
  return std::unique_ptr<Store>(new Store(std::move(database)));
}

std::unique_ptr<Store> Store::open_or_create(const std::string& path, Duration lock_timeout) {
  if (!exists(path)) {
    Database::create(path, [](Database& fresh) { migrate(fresh, migrations()); }, {lock_timeout});
  }
  return open(path, lock_timeout);
}

Revision Store::head() {
  Statement last =
      database_->prepare(fmt::format("{} ORDER BY seq DESC LIMIT 1", kRevisionColumns));
  return last.step() ? read_revision(last) : before_all();
}

Revision Store::revision(std::int64_t seq) {
  if (seq == 0) return before_all();
  Statement row = database_->prepare(fmt::format("{} WHERE seq = ?1", kRevisionColumns));
  row.bind(seq);
  if (!row.step()) unknown_revision(std::to_string(seq));
  return read_revision(row);
}

std::vector<Revision> Store::revisions(std::int64_t limit) {
  Statement rows =
      database_->prepare(fmt::format("{} ORDER BY seq DESC LIMIT ?1", kRevisionColumns));
  rows.bind(limit);
  std::vector<Revision> found;
  while (rows.step()) found.push_back(read_revision(rows));
  return found;
}

Revision Store::find_revision(std::string_view text) {
  if (const auto back = steps_back(text)) {
    const Revision newest = head();
    if (*back > newest.seq) unknown_revision(text);
    return revision(newest.seq - *back);
  }
  if (!is_hash_prefix(text)) unknown_revision(text);
  Statement rows = database_->prepare(
      fmt::format("{} WHERE hash >= ?1 AND hash < ?2 ORDER BY hash, seq DESC", kRevisionColumns));
  const std::string end = std::string(text) + "g";  // after every hex digit
  rows.bind(text, end);
  std::optional<Revision> found;
  while (rows.step()) {
    if (found && found->hash != rows.text(1)) {
      throw Error(ErrorKind::invalid,
                  fmt::format("several revisions begin with {}: {} and {}, for example", text,
                              found->hash, rows.text(1)),
                  "say more digits");
    }
    if (!found) found = read_revision(rows);
  }
  if (found) return *found;
  if (empty_revision_hash().starts_with(text)) return before_all();
  unknown_revision(text);
}

std::vector<policy::Document> Store::documents() {
  Statement rows = database_->prepare(
      "SELECT d.kind, d.id, d.content_hash, c.body FROM document d JOIN content c ON c.hash = "
      "d.content_hash "
      "ORDER BY d.kind, d.id");
  return read_documents(rows);
}

std::vector<policy::Document> Store::documents(const Revision& revision) {
  Statement rows = database_->prepare(fmt::format(fmt::runtime(kDocumentsThen), "r.content_hash"));
  rows.bind(revision.seq);
  return read_documents(rows);
}

std::vector<policy::Document> Store::desired_documents(const Revision& revision) {
  Statement rows = database_->prepare(
      fmt::format(fmt::runtime(kDocumentsThen), "coalesce(r.desired_hash, r.content_hash)"));
  rows.bind(revision.seq);
  return read_documents(rows);
}

std::optional<policy::Document> Store::document(std::string_view kind, std::string_view id) {
  Statement row = database_->prepare(
      "SELECT d.kind, d.id, d.content_hash, c.body FROM document d JOIN content c ON c.hash = "
      "d.content_hash "
      "WHERE d.kind = ?1 AND d.id = ?2");
  row.bind(kind, id);
  if (!row.step()) return std::nullopt;
  return read_document(row);
}

std::optional<policy::Document> Store::desired_document(std::string_view kind,
                                                        std::string_view id) {
  Statement row = database_->prepare(
      "SELECT d.kind, d.id, c.hash, c.body FROM document d JOIN content c ON c.hash = coalesce("
      "(SELECT max(o.desired_hash) FROM overlay o WHERE o.kind = d.kind AND o.id = d.id), "
      "d.content_hash) WHERE d.kind = ?1 AND d.id = ?2");
  row.bind(kind, id);
  if (!row.step()) return std::nullopt;
  return read_document(row);
}

std::vector<DocumentKey> Store::keys() {
  Statement rows =
      database_->prepare("SELECT kind, id, content_hash, protect FROM document ORDER BY kind, id");
  std::vector<DocumentKey> keys;
  while (rows.step()) {
    keys.push_back({std::string(rows.text(0)), std::string(rows.text(1)), std::string(rows.text(2)),
                    rows.integer(3) != 0});
  }
  return keys;
}

bool Store::mention_once(std::string_view remark) {
  Statement known = database_->prepare("SELECT 1 FROM meta WHERE key = ?1");
  if (known.bind(remark).step()) return false;
  known.reset();
  try {
    WriteTransaction transaction(*database_);
    database_->prepare("INSERT OR IGNORE INTO meta (key, value) VALUES (?1, 'yes')").run(remark);
    const bool is_first = database_->changes() > 0;
    transaction.commit();
    return is_first;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace autopilot::state
