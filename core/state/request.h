#pragma once
// A request for approval: what waits, who asks, how much approval it takes and until when. All of
// that is its body, and its id is the hash of the body, so that whoever approves the id approves
// every word of it. Pure; request_rows.h keeps requests.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/time.h"
#include "core/base/value.h"
#include "core/policy/model.h"
#include "core/state/approval_need.h"
#include "core/state/identity.h"

namespace autopilot::state {

inline constexpr const char* kRequestFormat = "autopilot.request/v1";
inline constexpr const char* kApprovalFormat = "autopilot.approval/v1";

enum class RequestKind { plan, decision, gate };
std::string_view to_string(RequestKind kind);
std::optional<RequestKind> parse_request_kind(std::string_view text);

struct Request {
  std::string id;  // the first 32 hex digits of SHA-256 of the body
  RequestKind kind = RequestKind::plan;
  std::string subject;  // the id of a decision, the name of a gate; empty for a plan
  std::string digest;   // hex SHA-256 of `content`
  std::string content;  // the very thing to approve, as canonical JSON
  Who author;
  std::string
      asker;        // a second name of the author, as a decision's context gives one; may be empty
  Instant created;  // microseconds
  Instant expires;
  std::int64_t approvals = 1;
  policy::Role role = policy::Role::operator_;
  std::string rule;
  std::string why;
  Map facts;
  std::string nonce;  // hex
};

// What there is to be approved and how much of it that takes; make_request adds the rest.
struct ApprovalSubject {
  RequestKind kind = RequestKind::plan;
  std::string name;     // Request::subject
  std::string content;  // canonical JSON
  Map facts;
};

Request make_request(ApprovalSubject subject, const Need& need, const Who& author, Instant created,
                     std::string nonce, std::string asker = {});

// Canonical JSON of all but the content.
std::string body_text(const Request& request);
// The other way; `content` is left empty. Throws Error(invalid) naming `what` when it is no body.
Request parse_body(std::string_view body, std::string_view what);
// Whether id, body and content belong together; what does not, in words, or "".
std::string fault_of(const Request& request, std::string_view body);

// What an approval by `actor` signs: canonical JSON and a line end. Everything else about the
// request follows from its id.
std::string signed_bytes(const Request& request, std::string_view actor);

std::string short_id(std::string_view id);  // 12 digits, for people

// 128 random bits in hex.
std::string new_nonce(Random& random);

}  // namespace autopilot::state
