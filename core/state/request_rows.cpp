#include "core/state/request_rows.h"

#include <fmt/format.h>

#include "core/base/error.h"

namespace autopilot::state {
namespace {

constexpr const char* kColumns =
    "SELECT id, body, content, status, closed, closed_by, reason FROM request ";

[[noreturn]] void damaged(std::string_view id, std::string_view why) {
  throw Error(ErrorKind::storage, fmt::format("the request {} cannot be used: {}", id, why),
              "`autopilot state check` tells what is damaged; restore a backup");
}

RequestStatus parse_status(std::string_view id, std::string_view text) {
  for (const RequestStatus status : {RequestStatus::open, RequestStatus::rejected,
                                     RequestStatus::revoked, RequestStatus::consumed}) {
    if (text == to_string(status)) return status;
  }
  damaged(id, "its status means nothing");
}

StoredRequest read_request(const Statement& row) {
  StoredRequest stored;
  const std::string id(row.text(0));
  stored.body = row.text(1);
  try {
    stored.request = parse_body(stored.body, id);
  } catch (const Error& error) {
    damaged(id, error.what());
  }
  stored.request.content = row.text(2);
  stored.request.id = id;
  if (const std::string fault = fault_of(stored.request, stored.body); !fault.empty())
    damaged(id, fault);
  stored.status = parse_status(id, row.text(3));
  if (!row.is_null(4)) stored.closed = Instant::from_micros(row.integer(4));
  stored.closed_by = row.text(5);
  stored.reason = row.text(6);
  return stored;
}

Approval read_approval(const Statement& row) {
  Approval approval;
  approval.seq = row.integer(0);
  approval.request = row.text(1);
  approval.who = {std::string(row.text(2)), std::string(row.text(3))};
  approval.role = row.text(4);
  approval.verdict = row.text(5) == "approve" ? Verdict::approve : Verdict::reject;
  approval.note = row.text(6);
  approval.time = Instant::from_micros(row.integer(7));
  approval.signature = row.text(8);
  approval.fingerprint = row.text(9);
  approval.principal = row.text(10);
  if (!row.is_null(11)) approval.revoked = Instant::from_micros(row.integer(11));
  return approval;
}

// The least text that is greater than every text beginning with `prefix`; ids are hex digits and
// dashes, names of gates may be anything.
std::string after(std::string_view prefix) { return std::string(prefix) + "\xf4\x8f\xbf\xbf"; }

}  // namespace

std::string_view to_string(RequestStatus status) {
  switch (status) {
    case RequestStatus::open:
      return "open";
    case RequestStatus::rejected:
      return "rejected";
    case RequestStatus::revoked:
      return "revoked";
    case RequestStatus::consumed:
      return "consumed";
  }
  return "open";
}

void RequestRows::add(const Request& request) {
  database_
      .prepare(
          "INSERT INTO request (id, kind, subject, digest, body, content, created, expires, "
          "status, "
          "closed, closed_by, reason) "
          "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 'open', NULL, '', '')")
      .run(request.id, to_string(request.kind), request.subject, request.digest, body_text(request),
           request.content, request.created.micros(), request.expires.micros());
}

void RequestRows::close(const std::string& id, RequestStatus status, Instant time,
                        std::string_view actor, std::string_view reason) {
  database_
      .prepare(
          "UPDATE request SET status = ?2, closed = ?3, closed_by = ?4, reason = ?5 WHERE id = ?1")
      .run(id, to_string(status), time.micros(), actor, reason);
}

void RequestRows::add(const Approval& approval) {
  database_
      .prepare(
          "INSERT INTO approval (request, actor, identity, role, verdict, note, time, signature, "
          "fingerprint, principal, revoked) "
          "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, NULL)")
      .run(approval.request, approval.who.actor, approval.who.identity, approval.role,
           approval.verdict == Verdict::approve ? "approve" : "reject", approval.note,
           approval.time.micros(), approval.signature, approval.fingerprint, approval.principal);
}

void RequestRows::revoke(std::int64_t approval, Instant time) {
  database_.prepare("UPDATE approval SET revoked = ?2 WHERE seq = ?1").run(approval, time.micros());
}

std::vector<StoredRequest> RequestRows::read(Statement rows) {
  std::vector<StoredRequest> found;
  while (rows.step()) found.push_back(read_request(rows));
  return found;
}

std::optional<StoredRequest> RequestRows::find(std::string_view id) {
  Statement row = database_.prepare(fmt::format("{} WHERE id = ?1", kColumns));
  row.bind(id);
  auto found = read(std::move(row));
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

std::vector<StoredRequest> RequestRows::with_digest(std::string_view digest) {
  Statement rows =
      database_.prepare(fmt::format("{} WHERE digest = ?1 ORDER BY created DESC, id", kColumns));
  rows.bind(digest);
  return read(std::move(rows));
}

std::vector<StoredRequest> RequestRows::with_subject(RequestKind kind, std::string_view subject) {
  Statement rows = database_.prepare(
      fmt::format("{} WHERE subject = ?1 AND kind = ?2 ORDER BY created DESC, id", kColumns));
  rows.bind(subject, to_string(kind));
  return read(std::move(rows));
}

std::vector<StoredRequest> RequestRows::matching(std::string_view text) {
  Statement rows = database_.prepare(
      fmt::format("{} WHERE (id >= ?1 AND id < ?2) OR (digest >= ?1 AND digest < ?2) OR "
                  "(subject >= ?1 AND subject < ?2) ORDER BY created DESC, id",
                  kColumns));
  const std::string end = after(text);
  rows.bind(text, end);
  return read(std::move(rows));
}

std::vector<StoredRequest> RequestRows::newest(std::int64_t limit, bool open_only) {
  Statement rows =
      database_.prepare(fmt::format("{} {} ORDER BY created DESC, id LIMIT ?1", kColumns,
                                    open_only ? "WHERE status = 'open'" : ""));
  rows.bind(limit);
  return read(std::move(rows));
}

std::vector<Approval> RequestRows::approvals(std::string_view request) {
  Statement rows = database_.prepare(
      "SELECT seq, request, actor, identity, role, verdict, note, time, signature, fingerprint, "
      "principal, revoked FROM approval WHERE request = ?1 ORDER BY seq");
  rows.bind(request);
  std::vector<Approval> found;
  while (rows.step()) found.push_back(read_approval(rows));
  return found;
}

}  // namespace autopilot::state
