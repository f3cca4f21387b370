#include "core/base/audit.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/base/json.h"

namespace autopilot {
namespace {

std::string_view bytes_of(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

void put_big_endian(char* to, std::uint64_t number) {
  for (int shift = 56; shift >= 0; shift -= 8) *to++ = static_cast<char>(number >> shift & 0xff);
}

Value with_identity(const Value& body, const std::string& identity) {
  if (identity.empty() || !body.is_map() || body.get("identity") != nullptr) return body;
  Map whole = body.as_map();
  whole.append("identity", identity);
  return whole;
}

struct Head {
  std::int64_t seq = 0;
  Digest hash = audit_origin();
};

Head read_head(Database& database) {
  Head head;
  Statement last = database.prepare("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1");
  if (!last.step()) return head;
  head.seq = last.integer(0);
  const std::string_view hash = last.blob(1);
  std::copy_n(hash.begin(), std::min(hash.size(), head.hash.size()), head.hash.begin());
  return head;
}

}  // namespace

Digest audit_origin() { return Digest{}; }

std::string audit_text(const AuditEntry& entry) {
  std::string text;
  text.reserve(entry.actor.size() + entry.body.size() + entry.kind.size() + 96);
  text += "{\"actor\":";
  append_json_string(text, entry.actor);
  text += ",\"body\":";
  text += entry.body;
  text += ",\"kind\":";
  append_json_string(text, entry.kind);
  fmt::format_to(std::back_inserter(text), ",\"seq\":{},\"time\":{}}}", entry.seq, entry.time);
  return text;
}

Digest audit_hash(const Digest& previous, const AuditEntry& entry) {
  Sha256 hash;
  hash.update(bytes_of(previous));
  hash.update(audit_text(entry));
  return hash.finish();
}

std::int64_t append_audit(Database& database, std::string_view kind, const Value& body,
                          std::string_view actor, Instant time) {
  const Head head = read_head(database);
  const AuditEntry entry{head.seq + 1, time.micros(), std::string(actor), std::string(kind),
                         to_canonical_json(with_identity(body, database.identity()))};
  const Digest hash = audit_hash(head.hash, entry);
  database
      .prepare(
          "INSERT INTO audit (seq, time, actor, kind, body, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")
      .run(entry.seq, entry.time, entry.actor, entry.kind, entry.body, Blob{bytes_of(hash)});
  return entry.seq;
}

void DecisionBatch::add(std::int64_t seq, std::string_view id, std::int64_t result,
                        std::string_view body) {
  std::array<char, 32> head{};
  put_big_endian(head.data(), static_cast<std::uint64_t>(seq));
  put_big_endian(head.data() + 8, static_cast<std::uint64_t>(result));
  put_big_endian(head.data() + 16, id.size());
  put_big_endian(head.data() + 24, body.size());
  hash_.update({head.data(), head.size()});
  hash_.update(id);
  hash_.update(body);
  if (count_ == 0) first_ = seq;
  last_ = seq;
  ++count_;
}

Map DecisionBatch::summary() {
  Map body{
      {"first", first_}, {"last", last_}, {"count", count_}, {"sha256", to_hex(hash_.finish())}};
  count_ = 0;
  return body;
}

}  // namespace autopilot
