// What approvals are worth: signatures, four eyes, roles, and how a request stands.
#include <fmt/format.h>

#include <algorithm>

#include "core/base/json.h"
#include "core/state/access.h"
#include "core/state/approvals.h"
#include "core/state/same_person.h"

namespace autopilot::state {
namespace {

Names author_names(const Request& request) {
  Names names = names_of(request.author);
  add_name(names, request.asker);
  return names;
}

// A verified key says who somebody is; without one the machine does.
Names approver_names(const Judged& judged) {
  Who who = judged.approval.who;
  if (!judged.principal.empty()) who.identity = "key:" + judged.principal;
  Names names = names_of(who);
  add_name(names, judged.name);
  return names;
}

Standing::Status status_of(const Waiting& waiting, const Standing& standing, Instant now) {
  switch (waiting.stored.status) {
    case RequestStatus::rejected:
      return Standing::Status::rejected;
    case RequestStatus::revoked:
      return Standing::Status::revoked;
    case RequestStatus::consumed:
      return Standing::Status::consumed;
    case RequestStatus::open:
      break;
  }
  if (now >= waiting.request().expires) return Standing::Status::expired;
  return standing.counted >= standing.need.approvals ? Standing::Status::granted
                                                     : Standing::Status::open;
}

}  // namespace

std::string_view to_string(Standing::Status status) {
  switch (status) {
    case Standing::Status::open:
      return "open";
    case Standing::Status::granted:
      return "granted";
    case Standing::Status::rejected:
      return "rejected";
    case Standing::Status::revoked:
      return "revoked";
    case Standing::Status::expired:
      return "expired";
    case Standing::Status::consumed:
      return "consumed";
  }
  return "open";
}

// Rules may have become stricter since it was asked; they never help a request that is under way.
Need Approvals::need_now(const Request& request) const {
  const Need now = need_of(settings_, request.facts);
  Need need{request.approvals, request.role, request.expires - request.created, request.rule,
            request.why};
  if (now.approvals > need.approvals || now.role > need.role) {
    need.rule = now.rule;
    need.why = now.why;
  }
  need.approvals = std::max({need.approvals, now.approvals, std::int64_t{1}});
  need.role = std::max(need.role, now.role);
  return need;
}

Standing Approvals::standing(const Waiting& waiting) {
  Standing standing;
  standing.need = need_now(waiting.request());
  if (waiting.kept) {
    for (Approval& approval : rows_.approvals(waiting.request().id)) {
      Judged judged;
      judged.approval = std::move(approval);
      standing.approvals.push_back(std::move(judged));
    }
  }
  judge(waiting.request(), standing.need, standing.approvals);
  standing.counted = std::count_if(standing.approvals.begin(), standing.approvals.end(),
                                   [](const Judged& judged) { return judged.counts; });
  standing.status = status_of(waiting, standing, now());
  return standing;
}

// Two approvals by one person are one: the first that counts.
void Approvals::judge(const Request& request, const Need& need, std::vector<Judged>& all) {
  for (std::size_t i = 0; i < all.size(); ++i) {
    judge_one(request, need, all[i]);
    if (!all[i].counts) continue;
    for (std::size_t earlier = 0; earlier < i && all[i].counts; ++earlier) {
      if (!all[earlier].counts ||
          !share_a_name(approver_names(all[earlier]), approver_names(all[i])))
        continue;
      all[i].counts = false;
      all[i].why_not = fmt::format("{} approved it already", all[earlier].name);
    }
  }
}

void Approvals::judge_one(const Request& request, const Need& need, Judged& judged) {
  const Approval& approval = judged.approval;
  judged.name = approval.who.actor;
  if (approval.verdict == Verdict::reject) {
    judged.why_not = "it is a rejection";
  } else if (approval.revoked) {
    judged.why_not = "it was revoked";
  } else if (approval.time > now()) {
    judged.why_not = "it is of a time to come";
  } else if (!verify_signature(request, judged)) {
    return;
  } else if (share_a_name(author_names(request), approver_names(judged))) {
    judged.why_not = fmt::format("{}, and {} asked as {} ({})", kOwnRequest, judged.name,
                                 request.author.actor, request.author.identity);
  } else {
    judged.why_not = role_fault(need, judged.name);
  }
  judged.counts = judged.why_not.empty();
}

// True when the signature is fine or none is wanted. The name is then that of the key's owner.
bool Approvals::verify_signature(const Request& request, Judged& judged) {
  const Approval& approval = judged.approval;
  if (approval.signature.empty() || settings_.allowed_signers.empty()) {
    if (!settings_.require_signatures) return true;
    judged.why_not = approval.signature.empty()
                         ? "it is not signed, and require_signatures is set"
                         : "nothing says whose signatures count: allowed_signers is not set";
    return false;
  }
  const Signers signers{root_ + "/" + settings_.allowed_signers, root_};
  const Verification result = verify(world_, signed_bytes(request, approval.who.actor),
                                     Signature{approval.signature}, signers, now());
  if (const auto* bad = std::get_if<NotVerified>(&result)) {
    judged.fingerprint = bad->fingerprint;
    judged.why_not = fmt::format("{} ({})", bad->what, to_string(bad->why));
    return false;
  }
  const auto& good = std::get<Verified>(result);
  judged.principal = good.principal;
  judged.fingerprint = good.fingerprint;
  const std::string actor = actor_of_key(read_access(&store_), good.fingerprint);
  judged.name = actor.empty() ? good.principal : actor;
  return true;
}

std::string Approvals::role_fault(const Need& need, const std::string& name) {
  const std::optional<policy::Role> role = role_of(&store_, name);
  if (role && *role >= need.role) return "";
  return fmt::format("{}, and approving it takes {}", role_sentence(name, role),
                     policy::to_string(need.role));
}

Error approval_error(const Waiting& waiting, const Standing& standing) {
  const Request& request = waiting.request();
  const std::string id = short_id(request.id);
  using Status = Standing::Status;
  const auto closed = [&](std::string_view how) {
    const std::string reason = waiting.stored.reason.empty() ? "" : ": " + waiting.stored.reason;
    return fmt::format("the request {} was {} by {} at {}{}", id, how, waiting.stored.closed_by,
                       format_rfc3339(waiting.stored.closed.value_or(Instant())), reason);
  };
  const std::string again = request.kind == RequestKind::decision
                                ? "take the decision again"
                                : "ask again, with the same or another plan";
  switch (standing.status) {
    case Status::rejected:
      return {ErrorKind::approval, closed("rejected"),
              fmt::format("change what was rejected, or wait until {} to ask again",
                          format_rfc3339(request.expires))};
    case Status::revoked:
      return {ErrorKind::approval, closed("withdrawn"), again};
    case Status::consumed:
      return {ErrorKind::approval, closed("used"), "an approval is for one use; " + again};
    case Status::expired:
      return {ErrorKind::approval,
              fmt::format("the request {} expired at {}", id, format_rfc3339(request.expires)),
              again};
    case Status::open:
    case Status::granted:
      break;
  }
  std::string message = fmt::format(
      "this {} needs {} and has {}: request {}", to_string(request.kind), to_text(standing.need),
      standing.counted == 0 ? "none" : std::to_string(standing.counted), id);
  for (const Judged& judged : standing.approvals) {
    if (!judged.counts)
      message += fmt::format("\n  that of {} does not count: {}", judged.name, judged.why_not);
  }
  return {ErrorKind::approval, message,
          fmt::format("somebody else than {} looks at it with `autopilot approvals show {}` and "
                      "says `autopilot approve {}`",
                      request.author.actor, id, id)};
}

}  // namespace autopilot::state
