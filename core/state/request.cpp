#include "core/state/request.h"

#include <fmt/format.h>

#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/base/json.h"

namespace autopilot::state {
namespace {

constexpr std::size_t kIdDigits = 32;
constexpr std::size_t kShortDigits = 12;

std::string id_of(std::string_view body) { return to_hex(sha256(body)).substr(0, kIdDigits); }

Instant to_micros(Instant t) { return Instant::from_micros(t.micros()); }

// Reads the members of a body; every one must be there.
class BodyReader {
 public:
  BodyReader(const Value& body, std::string_view what) : body_(body), what_(what) {}

  std::string text(std::string_view key) const { return text_in(body_, key); }
  std::string text_in(const Value& map, std::string_view key) const {
    const Value* value = map.get(key);
    if (value == nullptr || !value->is_string()) fail(key);
    return value->as_string();
  }
  std::int64_t number(std::string_view key) const {
    const Value* value = body_.get(key);
    if (value == nullptr || value->kind() != Value::Kind::integer) fail(key);
    return value->as_int();
  }
  const Value& map(std::string_view key) const {
    const Value* value = body_.get(key);
    if (value == nullptr || !value->is_map()) fail(key);
    return *value;
  }
  Instant time(std::string_view key) const {
    const auto instant = parse_rfc3339(text(key));
    if (!instant) fail(key);
    return *instant;
  }
  template <class T>
  T known(std::string_view key, std::optional<T> value) const {
    if (!value) fail(key);
    return *value;
  }

 private:
  [[noreturn]] void fail(std::string_view key) const {
    throw Error(ErrorKind::invalid, fmt::format("{} is no request for approval: {} is missing or "
                                                "means nothing",
                                                what_, key));
  }

  const Value& body_;
  std::string_view what_;
};

}  // namespace

std::string_view to_string(RequestKind kind) {
  switch (kind) {
    case RequestKind::plan:
      return "plan";
    case RequestKind::decision:
      return "decision";
    case RequestKind::gate:
      return "gate";
  }
  return "plan";
}

std::optional<RequestKind> parse_request_kind(std::string_view text) {
  for (const RequestKind kind : {RequestKind::plan, RequestKind::decision, RequestKind::gate}) {
    if (text == to_string(kind)) return kind;
  }
  return std::nullopt;
}

Request make_request(ApprovalSubject subject, const Need& need, const Who& author, Instant created,
                     std::string nonce, std::string asker) {
  Request request;
  request.kind = subject.kind;
  request.subject = std::move(subject.name);
  request.content = std::move(subject.content);
  request.digest = to_hex(sha256(request.content));
  request.author = author;
  request.asker = std::move(asker);
  request.created = to_micros(created);
  request.expires = to_micros(created + need.expires);
  request.approvals = need.approvals;
  request.role = need.role;
  request.rule = need.rule;
  request.why = need.why;
  request.facts = std::move(subject.facts);
  request.nonce = std::move(nonce);
  request.id = id_of(body_text(request));
  return request;
}

std::string body_text(const Request& request) {
  return to_canonical_json(
      Map{{"format", kRequestFormat},
          {"kind", to_string(request.kind)},
          {"subject", request.subject},
          {"digest", request.digest},
          {"author", Map{{"actor", request.author.actor}, {"identity", request.author.identity}}},
          {"asker", request.asker},
          {"created", format_rfc3339(request.created)},
          {"expires", format_rfc3339(request.expires)},
          {"approvals", request.approvals},
          {"role", policy::to_string(request.role)},
          {"rule", request.rule},
          {"why", request.why},
          {"facts", request.facts},
          {"nonce", request.nonce}});
}

Request parse_body(std::string_view body, std::string_view what) {
  const Value value = parse_json_or_throw(body, what);
  const BodyReader read(value, what);
  Request request;
  request.id = id_of(body);
  request.kind = read.known("kind", parse_request_kind(read.text("kind")));
  request.subject = read.text("subject");
  request.digest = read.text("digest");
  const Value& author = read.map("author");
  request.author = {read.text_in(author, "actor"), read.text_in(author, "identity")};
  request.asker = read.text("asker");
  request.created = read.time("created");
  request.expires = read.time("expires");
  request.approvals = read.number("approvals");
  request.role = read.known("role", policy::parse_role(read.text("role")));
  request.rule = read.text("rule");
  request.why = read.text("why");
  request.facts = read.map("facts").as_map();
  request.nonce = read.text("nonce");
  return request;
}

std::string fault_of(const Request& request, std::string_view body) {
  if (id_of(body) != request.id) return "its body was changed";
  if (to_hex(sha256(request.content)) != request.digest) return "its content was changed";
  return "";
}

std::string signed_bytes(const Request& request, std::string_view actor) {
  return to_canonical_json(Map{{"format", kApprovalFormat},
                               {"request", request.id},
                               {"kind", to_string(request.kind)},
                               {"digest", request.digest},
                               {"verdict", "approve"},
                               {"actor", actor},
                               {"expires", format_rfc3339(request.expires)},
                               {"nonce", request.nonce}}) +
         "\n";
}

std::string short_id(std::string_view id) { return std::string(id.substr(0, kShortDigits)); }

std::string new_nonce(Random& random) {
  return fmt::format("{:016x}{:016x}", random.next(), random.next());
}

}  // namespace autopilot::state
