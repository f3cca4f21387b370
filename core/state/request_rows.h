#pragma once
// Requests and approvals as the state keeps them. Rows in, rows out: nothing is judged here.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/sqlite.h"
#include "core/state/request.h"

namespace autopilot::state {

enum class RequestStatus { open, rejected, revoked, consumed };
std::string_view to_string(RequestStatus status);

struct StoredRequest {
  Request request;
  std::string body;
  RequestStatus status = RequestStatus::open;
  std::optional<Instant> closed;  // when it was rejected, revoked or consumed
  std::string closed_by;          // an actor
  std::string reason;             // of a rejection; what consumed it
};

enum class Verdict { approve, reject };

struct Approval {
  std::int64_t seq = 0;
  std::string request;  // its id
  Who who;
  std::string role;  // that it was given in
  Verdict verdict = Verdict::approve;
  std::string note;
  Instant time;
  std::string signature;    // armored; empty: unsigned
  std::string fingerprint;  // of the key, when it was recorded
  std::string principal;    // the name of the key's owner then
  std::optional<Instant> revoked;
};

// All throw Error(storage) for rows that no autopilot wrote. Those that write REQUIRE a write
// transaction.
class RequestRows {
 public:
  explicit RequestRows(Database& database) : database_(database) {}

  void add(const Request& request);
  void close(const std::string& id, RequestStatus status, Instant time, std::string_view actor,
             std::string_view reason);
  void add(const Approval& approval);
  void revoke(std::int64_t approval, Instant time);

  std::optional<StoredRequest> find(std::string_view id);
  // Newest first.
  std::vector<StoredRequest> with_digest(std::string_view digest);
  std::vector<StoredRequest> with_subject(RequestKind kind, std::string_view subject);
  // Those whose id, digest or subject begins with `text`.
  std::vector<StoredRequest> matching(std::string_view text);
  std::vector<StoredRequest> newest(std::int64_t limit, bool open_only);
  // Of one request, in the order in which they were given.
  std::vector<Approval> approvals(std::string_view request);

 private:
  std::vector<StoredRequest> read(Statement rows);

  Database& database_;
};

}  // namespace autopilot::state
