#include "core/state/audit_chain.h"

#include <fmt/format.h>

namespace autopilot::state {
namespace {

constexpr std::int64_t kPage = 500;  // entries read at once

std::string_view bytes_of(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

}  // namespace

ChainReader::ChainReader(Database& database, std::int64_t until)
    : rows_(database.prepare("SELECT seq, time, actor, kind, body, hash FROM audit WHERE seq > ?1 "
                             "AND seq <= ?2 ORDER BY seq LIMIT ?3")),
      until_(until) {}

void ChainReader::read_page() {
  rows_.bind(read_, until_, kPage);
  while (rows_.step()) {
    Stored& row = page_.emplace_back();
    row.entry = {rows_.integer(0), rows_.integer(1), std::string(rows_.text(2)),
                 std::string(rows_.text(3)), std::string(rows_.text(4))};
    row.hash = rows_.blob(5);
    read_ = row.entry.seq;
  }
}

bool ChainReader::next(ChainLink& link) {
  if (fault_) return false;
  if (page_.empty()) read_page();
  if (page_.empty()) return false;
  Stored& row = page_.front();
  const std::int64_t expected = entries_ + 1;
  if (row.entry.seq < expected)
    return fail(row.entry.seq, fmt::format("entry {} was added", row.entry.seq));
  if (row.entry.seq > expected) return fail(expected, fmt::format("entry {} is missing", expected));
  link.previous = head_;
  link.hash = audit_hash(head_, row.entry);
  if (row.hash != bytes_of(link.hash))
    return fail(expected, fmt::format("entry {} ({}) was changed", expected, row.entry.kind));
  link.entry = std::move(row.entry);
  head_ = link.hash;
  entries_ = expected;
  page_.pop_front();
  return true;
}

bool ChainReader::fail(std::int64_t seq, std::string what) {
  fault_ = AuditFault{seq, std::move(what)};
  return false;
}

}  // namespace autopilot::state
