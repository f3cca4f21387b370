// The two ways in which approvals meet the act: those signed elsewhere come in, and the act uses
// them up.
#include <fmt/format.h>

#include "core/base/hash.h"
#include "core/state/approvals.h"

namespace autopilot::state {
namespace {

[[noreturn]] void refuse(const ApprovalFile& file, const std::string& why) {
  throw Error(ErrorKind::approval,
              fmt::format("the approval {} does not count: {}", file.name, why),
              "`autopilot approvals show` tells what there is to approve");
}

}  // namespace

// Who took an approval back took back its file, too: whoever still has it cannot bring it again.
void Approvals::refuse_revoked(const ApprovalFile& file, const Judged& judged) {
  for (const Approval& row : rows_.approvals(file.request)) {
    if (row.revoked && row.principal == judged.principal)
      refuse(file, fmt::format("{} revoked it", judged.name));
  }
}

void Approvals::admit(const std::vector<ApprovalFile>& files, std::string_view digest,
                      const Who& who) {
  for (const ApprovalFile& file : files) {
    if (file.digest != digest) refuse(file, "it is for something else than this plan");
    auto found = rows_.find(file.request);
    if (!found) refuse(file, fmt::format("the state knows no request {}", short_id(file.request)));
    const Waiting waiting = kept(std::move(*found));
    if (file.payload != signed_bytes(waiting.request(), file.actor))
      refuse(file, "it says something else than the request that it names");
    Approval approval;
    approval.who.actor = file.actor;
    approval.note = file.note;
    approval.signature = file.signature.armored;
    if (settings_.allowed_signers.empty())
      refuse(file, "nothing says whose signatures count: allowed_signers is not set");
    bool is_there = false;
    for (const Approval& row : rows_.approvals(file.request))
      is_there = is_there || (row.signature == approval.signature && !row.revoked);
    if (is_there && waiting.stored.status == RequestStatus::open) continue;
    try {
      const Judged judged = approve_within(waiting, std::move(approval));
      refuse_revoked(file, judged);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::denied && error.kind() != ErrorKind::invalid) throw;
      throw Error(ErrorKind::approval,
                  fmt::format("{} (in {}, brought by {})", error.what(), file.name, who.actor),
                  error.hint());
    }
  }
}

Consumed Approvals::consume(const Waiting& given, const Map& act, const Who& who) {
  Waiting waiting = given;
  if (auto fresh = rows_.find(given.request().id)) waiting = kept(std::move(*fresh));
  check_clock(waiting);
  const Standing standing = this->standing(waiting);
  if (standing.status != Standing::Status::granted) throw approval_error(waiting, standing);
  Consumed consumed{waiting.request().id, {}};
  List by;
  for (const Judged& judged : standing.approvals) {
    if (!judged.counts) continue;
    consumed.by.push_back(judged.name);
    by.push_back(Map{{"name", judged.name},
                     {"actor", judged.approval.who.actor},
                     {"identity", judged.approval.who.identity},
                     {"principal", judged.principal},
                     {"fingerprint", judged.fingerprint}});
  }
  std::string used = "for ";
  for (const auto& [what, value] : act) {
    if (value.is_string()) used += fmt::format("{} {}", what, value.as_string());
  }
  rows_.close(waiting.request().id, RequestStatus::consumed, now(), who.actor, used);
  Map body{{"act", act}, {"approved_by", std::move(by)}};
  if (!settings_.allowed_signers.empty() &&
      world_.files.exists(root_ + "/" + settings_.allowed_signers)) {
    body.append("allowed_signers_sha256",
                to_hex(sha256(world_.files.read(root_ + "/" + settings_.allowed_signers))));
  }
  audit("approval-used", waiting.request(), std::move(body), who);
  return consumed;
}

}  // namespace autopilot::state
