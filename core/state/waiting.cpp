#include "core/state/waiting.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/json.h"
#include "core/decide/archive.h"
#include "core/decide/record.h"
#include "core/policy/approvals.h"

namespace autopilot::state {
namespace {

constexpr const char* kDecisionFormat = "autopilot.decision-approval/v1";
constexpr std::size_t kShortestPrefix = 6;

const Value& at(const Value& map, std::string_view key) {
  static const Value nothing;
  const Value* value = map.get(key);
  return value == nullptr ? nothing : *value;
}

std::string text_at(const Value& map, std::string_view key) {
  const Value& value = at(map, key);
  return value.is_string() ? value.as_string() : std::string();
}

// Who had a decision taken, and since which entry of the audit it is there.
struct Asked {
  Who who;
  std::int64_t entry = 0;
};

// The audit tells it, walked once from its end.
class Askers {
 public:
  explicit Askers(Database& database)
      : batches_(database.prepare(
            "SELECT seq, actor, body FROM audit WHERE kind = 'decisions' ORDER BY seq DESC")) {}

  // REQUIRES decisions in falling order.
  const Asked& of(std::int64_t decision) {
    while (first_ > decision && batches_.step()) {
      const Value body = parse_json(batches_.text(2)).value;
      const Value& first = at(body, "first");
      first_ = first.kind() == Value::Kind::integer ? first.as_int() : INT64_MAX;
      asked_ = {{std::string(batches_.text(1)), text_at(body, "identity")}, batches_.integer(0)};
    }
    return asked_;
  }

 private:
  Statement batches_;
  std::int64_t first_ = INT64_MAX;
  Asked asked_;
};

// Rules that let it pass by an earlier approval are asked again: whoever approves sees them, too.
bool asks(const Value& reason) {
  const std::string effect = text_at(reason, "effect");
  return (effect == "approve" || effect == "approved") && reason.get("monitor") == nullptr;
}

template <class F>
void for_each_asking(const Value& reasons, F f) {
  if (!reasons.is_list()) return;
  for (const Value& reason : reasons.as_list()) {
    if (asks(reason)) f(reason);
  }
}

std::int64_t approvals_of(const Value& reason) {
  const Value& approvals = at(reason, "approvals");
  return approvals.kind() == Value::Kind::integer ? approvals.as_int() : 1;
}

Map facts_of(const Value& decision, const Who& author) {
  const Value& action = at(decision, "action");
  Map facts = policy::default_approval_facts();
  facts["kind"] = "decision";
  facts["author"] = author.actor;
  if (at(decision, "risk").is_number()) facts["risk"] = at(decision, "risk").as_double();
  facts["type"] = text_at(action, "type");
  const std::string algorithm = text_at(action, "algorithm");
  facts["algorithm"] = algorithm.empty() ? text_at(action, "algo_key") : algorithm;
  std::int64_t most = 0;
  List policies;
  for_each_asking(at(decision, "reasons"), [&](const Value& reason) {
    most = std::max(most, approvals_of(reason));
    const Value policy = text_at(reason, "policy");
    if (policies.empty() || !(policies.back() == policy)) policies.push_back(policy);
  });
  facts["approvals"] = most;
  facts["policies"] = std::move(policies);
  return facts;
}

std::string content_of(const Value& decision) {
  Map content{{"format", kDecisionFormat}, {"decision", at(decision, "id")}};
  for (const char* part : {"proposed", "action", "context", "risk", "revision", "reasons"})
    content.append(part, at(decision, part));
  return to_canonical_json(content);
}

// The id's own random bits: the request of a decision is always the same.
std::string nonce_of(std::string id) {
  std::erase(id, '-');
  return id;
}

Waiting derived(Approvals& approvals, Askers& askers, const Value& decision) {
  const std::string id = text_at(decision, "id");
  const std::int64_t seq = decide::parse_decision_id(id).value_or(decide::DecisionId()).seq;
  const Asked& asked = askers.of(seq);
  ApprovalSubject subject{RequestKind::decision, id, content_of(decision),
                          facts_of(decision, asked.who)};
  const Need need = need_of(approvals.settings(), subject.facts);
  const Instant created = Instant::from_micros((seq >> 12) * 1000);
  const std::string in_line = text_at(at(decision, "actor"), "id");
  Waiting waiting;
  waiting.kept = false;
  waiting.entry = asked.entry;
  waiting.stored.request = make_request(std::move(subject), need, asked.who, created, nonce_of(id),
                                        in_line == asked.who.actor ? "" : in_line);
  waiting.stored.body = body_text(waiting.request());
  return waiting;
}

Duration longest(const policy::ApprovalSettings& settings) {
  Duration longest = settings.expires;
  for (const policy::ApprovalRule& rule : settings.rules)
    longest = std::max(longest, rule.expires.value_or(settings.expires));
  return longest;
}

// Pending decisions of which the state has no request yet.
void add_derived(Approvals& approvals, bool all, std::int64_t limit, std::vector<Waiting>& out) {
  const Instant since = approvals.world().clock.now() - longest(approvals.settings());
  const decide::Range range = all ? decide::Range() : decide::Range::since(since);
  Statement rows = approvals.store().database().prepare(
      "SELECT d.body FROM decision d WHERE d.result = 2 AND d.seq >= ?1 AND NOT EXISTS (SELECT 1 "
      "FROM request r WHERE r.kind = 'decision' AND r.subject = json_extract(d.body, '$.id')) "
      "ORDER BY d.seq DESC LIMIT ?2");
  rows.bind(range.begin, limit);
  Askers askers(approvals.store().database());
  while (rows.step()) out.push_back(derived(approvals, askers, parse_json(rows.text(0)).value));
}

bool is_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || c == '-';
  });
}

// A pending decision that `text` may name: by its own id or by that of its request.
std::vector<Waiting> derived_matching(Approvals& approvals, std::string_view text) {
  std::vector<Waiting> all, found;
  add_derived(approvals, true, INT64_MAX, all);
  for (Waiting& waiting : all) {
    const Request& request = waiting.request();
    if (request.id.starts_with(text) || request.digest.starts_with(text) ||
        request.subject.starts_with(text))
      found.push_back(std::move(waiting));
  }
  return found;
}

[[noreturn]] void not_found(std::string_view text) {
  throw Error(ErrorKind::invalid, fmt::format("no request for approval is called {}", text),
              "`autopilot approvals --all` lists them; the beginning of an id, of a digest or of a "
              "decision's id is enough");
}

// Several requests of one content are one thing: the open one, else the newest.
bool same_content(const std::vector<Waiting>& all) {
  return std::all_of(all.begin(), all.end(), [&](const Waiting& waiting) {
    return waiting.request().digest == all.front().request().digest;
  });
}

}  // namespace

Waiting request_of_decision(Approvals& approvals, std::string_view line) {
  const Value decision = parse_json_or_throw(line, "the recorded decision");
  const std::string id = text_at(decision, "id");
  if (auto stored = approvals.of_subject(RequestKind::decision, id)) return std::move(*stored);
  if (text_at(decision, "result") != "pending") {
    throw Error(ErrorKind::invalid, fmt::format("decision {} is {}: it does not wait for approval",
                                                id, text_at(decision, "result")));
  }
  Askers askers(approvals.store().database());
  return derived(approvals, askers, decision);
}

std::vector<Waiting> waiting_requests(Approvals& approvals, bool all, std::int64_t limit) {
  std::vector<Waiting> found = approvals.newest(limit, !all);
  add_derived(approvals, all, limit, found);
  std::stable_sort(found.begin(), found.end(), [](const Waiting& a, const Waiting& b) {
    return a.request().created > b.request().created;
  });
  if (!all) {
    const Instant now = approvals.world().clock.now();
    std::erase_if(found, [&](const Waiting& w) { return w.request().expires <= now; });
  }
  if (static_cast<std::int64_t>(found.size()) > limit)
    found.resize(static_cast<std::size_t>(limit));
  return found;
}

Waiting find_request(Approvals& approvals, std::string_view text) {
  if (text.size() < kShortestPrefix) {
    throw Error(ErrorKind::usage, fmt::format("{} is too short to name a request", text),
                fmt::format("give {} characters or more of an id or digest", kShortestPrefix));
  }
  std::vector<Waiting> found = approvals.matching(text);
  if (is_hex(text)) {
    for (Waiting& waiting : derived_matching(approvals, text)) found.push_back(std::move(waiting));
  }
  if (found.empty()) not_found(text);
  if (!same_content(found)) {
    throw Error(ErrorKind::invalid, fmt::format("{} requests begin with {}", found.size(), text),
                "give more of the id");
  }
  const auto open = std::find_if(found.begin(), found.end(), [](const Waiting& waiting) {
    return waiting.stored.status == RequestStatus::open;
  });
  return std::move(open == found.end() ? found.front() : *open);
}

decide::Resumption resumption_of(const Request& request) {
  const Value content = parse_json_or_throw(request.content, "the content of the request");
  decide::Resumption out;
  out.id = request.subject;
  out.request = request.id;
  if (at(content, "risk").is_number()) out.risk = at(content, "risk").as_double();
  for_each_asking(at(content, "reasons"), [&](const Value& reason) {
    out.rules.push_back({text_at(reason, "policy"), text_at(reason, "rule"),
                         static_cast<int>(approvals_of(reason))});
  });
  return out;
}

}  // namespace autopilot::state
