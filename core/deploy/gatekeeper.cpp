#include "core/deploy/gatekeeper.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/decide/archive.h"
#include "core/state/apply.h"
#include "core/state/waiting.h"

namespace autopilot::deploy {
namespace {

using state::Standing;

class ApprovalGates final : public Gatekeeper {
 public:
  ApprovalGates(state::Store& store, World& world, std::string root, state::Who who)
      : store_(store), approvals_(store, world, std::move(root)), who_(std::move(who)) {}

  void ask(const Gate& gate, const Rollout& r) override {
    if (approvals_.of_subject(state::RequestKind::gate, gate.name)) return;
    const Map facts{{"kind", "gate"}, {"gate", gate.name}, {"approvals", gate.approvals}};
    state::Need need = state::need_of(approvals_.settings(), facts);
    need.role = std::max(need.role, gate.role);
    need.expires = gate.timeout;
    approvals_.ask({state::RequestKind::gate, gate.name, content_of(gate, r), facts}, need,
                   {r.actor, r.identity});
  }

  Agreement look(const Awaited& awaited) override {
    const std::optional<state::Waiting> waiting = find(awaited);
    if (!waiting) return {Agreement::Status::open, "nobody was asked for approval yet"};
    const Standing standing = approvals_.standing(*waiting);
    switch (standing.status) {
      case Standing::Status::granted:
      case Standing::Status::consumed:
        return {Agreement::Status::granted, "approved by " + names_of(standing)};
      case Standing::Status::rejected:
      case Standing::Status::revoked:
        return {
            Agreement::Status::refused,
            fmt::format("{} by {}{}", state::to_string(standing.status), waiting->stored.closed_by,
                        waiting->stored.reason.empty() ? "" : ": " + waiting->stored.reason)};
      case Standing::Status::open:
      case Standing::Status::expired:
        break;
    }
    return {Agreement::Status::open,
            fmt::format("{} of {}; autopilot approve {}", standing.counted,
                        state::to_text(standing.need), state::short_id(waiting->request().id))};
  }

  void use(const Gate& gate, const Rollout& r) override {
    state::recording_refusals(store_, "deploy", who_.actor, approvals_.world(), [&] {
      WriteTransaction transaction(store_.database());
      const auto waiting = approvals_.of_subject(state::RequestKind::gate, gate.name);
      if (!waiting) throw Error(ErrorKind::approval, "nobody asked for approval of " + gate.name);
      if (waiting->stored.status == state::RequestStatus::consumed) return;  // by this rollout
      approvals_.consume(*waiting, Map{{"rollout", r.id}}, who_);
      transaction.commit();
    });
  }

 private:
  static std::string content_of(const Gate& gate, const Rollout& r) {
    return to_canonical_json(Map{{"gate", gate.name},
                                 {"rollout", r.id},
                                 {"deployment", r.deployment},
                                 {"environment", r.environment},
                                 {"version", r.version},
                                 {"previous", r.previous},
                                 {"created", format_rfc3339(r.created)}});
  }

  std::optional<state::Waiting> find(const Awaited& awaited) {
    if (!awaited.is_decision)
      return approvals_.of_subject(state::RequestKind::gate, awaited.subject);
    return state::request_of_decision(approvals_,
                                      decide::Archive(store_.database()).find(awaited.subject));
  }

  static std::string names_of(const Standing& standing) {
    std::string names;
    for (const state::Judged& judged : standing.approvals) {
      if (judged.counts) names += (names.empty() ? "" : ", ") + judged.name;
    }
    return names;
  }

  state::Store& store_;
  state::Approvals approvals_;
  state::Who who_;
};

}  // namespace

std::unique_ptr<Gatekeeper> make_gatekeeper(state::Store& store, World& world, std::string root,
                                            state::Who who) {
  return std::make_unique<ApprovalGates>(store, world, std::move(root), std::move(who));
}

}  // namespace autopilot::deploy
