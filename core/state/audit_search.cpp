#include "core/state/audit_search.h"

#include <fmt/format.h>

namespace autopilot::state {
namespace {

constexpr std::int64_t kPage = 500;  // entries read at once

constexpr const char* kInTime = "time >= ?1 AND time < ?2";

AuditEntry read_entry(const Statement& row) {
  return {row.integer(0), row.integer(1), std::string(row.text(2)), std::string(row.text(3)),
          std::string(row.text(4))};
}

std::int64_t first_micros(const AuditQuery& query) {
  return query.since ? query.since->micros() : INT64_MIN;
}
std::int64_t end_micros(const AuditQuery& query) {
  return query.until ? query.until->micros() : INT64_MAX;
}

// A pattern for LIKE that means the text itself, anywhere.
std::string containing(const std::string& text) {
  std::string pattern = "%";
  for (const char c : text) {
    if (c == '%' || c == '_' || c == '\\') pattern += '\\';
    pattern += c;
  }
  return pattern + "%";
}

}  // namespace

std::vector<AuditEntry> find_audit(Store& store, const AuditQuery& query) {
  Statement rows = store.database().prepare(fmt::format(
      "SELECT seq, time, actor, kind, body FROM audit WHERE {} AND (?3 = '' OR actor = ?3) AND "
      "(?4 = '' OR kind = ?4) AND (?5 = '%%' OR actor LIKE ?5 ESCAPE '\\' OR kind LIKE ?5 ESCAPE "
      "'\\' OR body LIKE ?5 ESCAPE '\\') ORDER BY seq DESC LIMIT ?6",
      kInTime));
  const std::string pattern = containing(query.text);
  rows.bind(first_micros(query), end_micros(query), query.actor, query.kind, pattern, query.limit);
  std::vector<AuditEntry> entries;
  while (rows.step()) entries.push_back(read_entry(rows));
  return entries;
}

std::vector<std::string> audit_words(Store& store, const char* column) {
  Statement rows =
      store.database().prepare(fmt::format("SELECT DISTINCT {} FROM audit ORDER BY 1", column));
  std::vector<std::string> words;
  while (rows.step()) words.emplace_back(rows.text(0));
  return words;
}

void each_audit(Store& store, const AuditQuery& query,
                const std::function<void(const AuditEntry&, const std::string&)>& each) {
  Statement rows = store.database().prepare(fmt::format(
      "SELECT seq, time, actor, kind, body, hash FROM audit WHERE {} AND seq > ?3 ORDER BY seq "
      "LIMIT ?4",
      kInTime));
  for (std::int64_t after = INT64_MIN;;) {
    std::vector<std::pair<AuditEntry, std::string>> page;  // not held open while it is written out
    rows.bind(first_micros(query), end_micros(query), after, kPage);
    while (rows.step()) page.emplace_back(read_entry(rows), to_hex(rows.blob(5)));
    if (page.empty()) return;
    after = page.back().first.seq;
    for (const auto& [entry, hash] : page) each(entry, hash);
  }
}

}  // namespace autopilot::state
