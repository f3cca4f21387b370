#include "core/state/approvals.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/audit.h"
#include "core/base/json.h"
#include "core/state/access.h"
#include "core/state/apply.h"
#include "core/state/same_person.h"
#include "core/state/seals.h"

namespace autopilot::state {
namespace {

constexpr Duration kClockTolerance = Duration::seconds(300);
constexpr std::int64_t kRecentEntries = 1000;  // of the audit, whose times a clock is held against
constexpr const char* kRequested = "approval-request";

std::string label(const Request& request) {
  return fmt::format("the request {}", short_id(request.id));
}

// An open one, else the newest.
std::optional<Waiting> first_of(std::vector<Waiting> found) {
  if (found.empty()) return std::nullopt;
  const auto open = std::find_if(found.begin(), found.end(), [](const Waiting& waiting) {
    return waiting.stored.status == RequestStatus::open;
  });
  return std::move(open == found.end() ? found.front() : *open);
}

}  // namespace

Approvals::Approvals(Store& store, World& world, std::string root)
    : store_(store),
      world_(world),
      root_(std::move(root)),
      settings_(settings_in_force(&store)),
      rows_(store.database()) {}

void Approvals::audit(std::string_view kind, const Request& request, Map body, const Who& who) {
  body.append("request", request.id);
  body.append("about", to_string(request.kind));
  body.append("subject", request.subject);
  body.append("digest", request.digest);
  body.append("identity", who.identity);
  body.append("seal", seal_of_request(store_.database(), request.id));
  append_audit(store_.database(), kind, body, who.actor, now());
}

// The entry that the request was recorded with; 0 when the chain has none.
std::int64_t Approvals::entry_of(std::string_view request) {
  Statement row = store_.database().prepare(
      "SELECT seq FROM audit WHERE kind = ?1 AND json_extract(body, '$.request') = ?2 ORDER BY seq "
      "DESC LIMIT 1");
  row.bind(kRequested, request);
  return row.step() ? row.integer(0) : 0;
}

Waiting Approvals::kept(StoredRequest stored) {
  Waiting waiting;
  waiting.stored = std::move(stored);
  return waiting;
}

std::vector<Waiting> Approvals::kept(std::vector<StoredRequest> all) {
  std::vector<Waiting> out;
  for (StoredRequest& stored : all) out.push_back(kept(std::move(stored)));
  return out;
}

std::optional<Waiting> Approvals::with_digest(std::string_view digest) {
  return first_of(kept(rows_.with_digest(digest)));
}

std::optional<Waiting> Approvals::of_subject(RequestKind kind, std::string_view subject) {
  return first_of(kept(rows_.with_subject(kind, subject)));
}

std::vector<Waiting> Approvals::newest(std::int64_t limit, bool open_only) {
  return kept(rows_.newest(limit, open_only));
}

std::vector<Waiting> Approvals::matching(std::string_view text) {
  return kept(rows_.matching(text));
}

Waiting Approvals::ask(const ApprovalSubject& subject, const Need& need, const Who& author) {
  return recording_refusals(store_, "approval-request", author.actor, world_, [&] {
    WriteTransaction transaction(store_.database());
    Waiting waiting = ask_within(subject, need, author);
    transaction.commit();
    return waiting;
  });
}

Waiting Approvals::ask_within(const ApprovalSubject& subject, const Need& need, const Who& author) {
  Request request = make_request(subject, need, author, now(), new_nonce(world_.random));
  if (const auto earlier = with_digest(request.digest)) {
    const bool lasts = now() < earlier->request().expires;
    if (lasts && earlier->stored.status == RequestStatus::open) return *earlier;
    if (lasts && earlier->stored.status == RequestStatus::rejected)
      throw approval_error(*earlier, standing(*earlier));
  }
  Waiting waiting;
  waiting.stored.request = std::move(request);
  waiting.stored.body = body_text(waiting.request());
  waiting.kept = false;
  keep(waiting);
  waiting.kept = true;
  return waiting;
}

// Writes down a request that was not in the state yet.
void Approvals::keep(const Waiting& waiting) {
  if (waiting.kept || rows_.find(waiting.request().id)) return;
  const Request& request = waiting.request();
  rows_.add(request);
  audit(kRequested, request,
        Map{{"approvals", request.approvals},
            {"role", policy::to_string(request.role)},
            {"rule", request.rule},
            {"expires", format_rfc3339(request.expires)}},
        request.author);
}

void Approvals::check_clock(const Waiting& waiting) {
  const auto refuse = [](const std::string& what) {
    throw Error(ErrorKind::approval,
                "the clock was set back: " + what + "; approvals cannot be judged",
                "set the clock of this machine right");
  };
  const Instant created = waiting.request().created;
  if (created > now()) {
    refuse(fmt::format("{} is of {}, and it is {}", label(waiting.request()),
                       format_rfc3339(created), format_rfc3339(now())));
  }
  Database& database = store_.database();
  const std::int64_t recent =
      database.integer("SELECT coalesce(max(seq), 0) FROM audit") - kRecentEntries;
  const std::int64_t made = waiting.entry > 0 ? waiting.entry : entry_of(waiting.request().id);
  const std::int64_t from = made > 0 ? std::min(recent, made) : recent;
  Statement newest = database.prepare("SELECT max(time) FROM audit WHERE seq >= ?1");
  newest.bind(from);
  if (!newest.step() || newest.is_null(0)) return;
  const Instant head = Instant::from_micros(newest.integer(0));
  if (head > now() + kClockTolerance) {
    refuse(fmt::format("the audit has an entry of {}, and it is {}", format_rfc3339(head),
                       format_rfc3339(now())));
  }
}

void Approvals::require_open(const Waiting& waiting, const Standing& standing,
                             std::string_view doing) {
  using Status = Standing::Status;
  if (standing.status == Status::open || standing.status == Status::granted) return;
  const Error why = approval_error(waiting, standing);
  throw Error(ErrorKind::invalid, fmt::format("cannot {} it: {}", doing, why.what()), why.hint());
}

Judged Approvals::approve(const Waiting& waiting, const Who& who, const std::string& note,
                          const Signature& signature) {
  return recording_refusals(store_, "approve", who.actor, world_, [&] {
    WriteTransaction transaction(store_.database());
    Approval approval;
    approval.who = who;
    approval.note = note;
    approval.signature = signature.armored;
    Judged judged = approve_within(waiting, std::move(approval));
    transaction.commit();
    return judged;
  });
}

Judged Approvals::approve_within(const Waiting& given, Approval approval) {
  Waiting waiting = given;
  if (auto fresh = rows_.find(given.request().id)) waiting = kept(std::move(*fresh));
  const Standing standing = this->standing(waiting);
  require_open(waiting, standing, "approve");
  check_clock(waiting);
  const Request& request = waiting.request();
  approval.request = request.id;
  approval.time = Instant::from_micros(now().micros());
  std::vector<Judged> all = standing.approvals;
  all.emplace_back().approval = std::move(approval);
  judge(request, standing.need, all);
  Judged judged = std::move(all.back());
  if (!judged.counts) {
    std::string hint;
    if (judged.why_not.starts_with(kOwnRequest))
      hint = "somebody else does, by a login of their own: --as changes the name alone";
    if (judged.approval.signature.empty() && settings_.require_signatures)
      hint = "sign with --sign and a key of allowed_signers";
    throw Error(ErrorKind::denied,
                fmt::format("{} is not approved: {}", label(request), judged.why_not), hint);
  }
  Approval& row = judged.approval;
  row.role = role_text(role_of(&store_, judged.name));
  row.principal = judged.principal;
  row.fingerprint = judged.fingerprint;
  if (!judged.principal.empty()) row.who.identity = "key:" + judged.principal;
  keep(waiting);
  rows_.add(row);
  audit("approve", request,
        Map{{"name", judged.name},
            {"note", row.note},
            {"principal", row.principal},
            {"fingerprint", row.fingerprint},
            {"expires", format_rfc3339(request.expires)}},
        row.who);
  return judged;
}

void Approvals::reject(const Waiting& given, const Who& who, const std::string& reason) {
  recording_refusals(store_, "reject", who.actor, world_, [&] {
    WriteTransaction transaction(store_.database());
    Waiting waiting = given;
    if (auto fresh = rows_.find(given.request().id)) waiting = kept(std::move(*fresh));
    const Standing standing = this->standing(waiting);
    require_open(waiting, standing, "reject");
    if (const std::string fault = role_fault(standing.need, who.actor); !fault.empty())
      throw Error(ErrorKind::denied,
                  fmt::format("{} is not rejected: {}", label(waiting.request()), fault));
    keep(waiting);
    Approval row;
    row.request = waiting.request().id;
    row.who = who;
    row.role = role_text(role_of(&store_, who.actor));
    row.verdict = Verdict::reject;
    row.note = reason;
    row.time = now();
    rows_.add(row);
    rows_.close(waiting.request().id, RequestStatus::rejected, now(), who.actor, reason);
    audit("reject", waiting.request(), Map{{"reason", reason}}, who);
    transaction.commit();
  });
}

std::string Approvals::revoke(const Waiting& given, const Who& who) {
  return recording_refusals(store_, "revoke", who.actor, world_, [&]() -> std::string {
    WriteTransaction transaction(store_.database());
    Waiting waiting = given;
    if (auto fresh = rows_.find(given.request().id)) waiting = kept(std::move(*fresh));
    const Standing standing = this->standing(waiting);
    require_open(waiting, standing, "revoke");
    const Request& request = waiting.request();
    const Names names = names_of(who);
    bool own = false;
    for (const Judged& judged : standing.approvals) {
      const Approval& approval = judged.approval;
      if (approval.revoked || approval.verdict != Verdict::approve) continue;
      if (!share_a_name(names, names_of(approval.who)) && judged.name != who.actor) continue;
      rows_.revoke(approval.seq, now());
      own = true;
    }
    if (!own && !share_a_name(names, names_of(request.author)) &&
        role_of(&store_, who.actor).value_or(policy::Role::viewer) < policy::Role::admin) {
      throw Error(ErrorKind::denied,
                  fmt::format("{} neither approved nor made {}", who.actor, label(request)),
                  "its author or an admin can withdraw it");
    }
    if (!own) {
      keep(waiting);
      rows_.close(request.id, RequestStatus::revoked, now(), who.actor, "");
    }
    audit(own ? "revoke" : "withdraw", request, Map{}, who);
    transaction.commit();
    return own ? "took back the approval of" : "withdrew";
  });
}

}  // namespace autopilot::state
