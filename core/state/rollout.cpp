#include "core/state/rollout.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.h"
#include "core/base/units.h"
#include "core/policy/loader.h"
#include "core/state/access.h"
#include "core/state/apply.h"
#include "core/state/lock.h"
#include "core/state/overlay_change.h"
#include "core/state/watching.h"

namespace autopilot::state {
namespace {

constexpr const char* kPolicy = "Policy";

// One policy while its rollout is changed, inside the transaction.
class Subject {
 public:
  Subject(Store& store, const RolloutRequest& request, World& world)
      : store_(store), request_(request), now_(world.clock.now()) {
    change_.note = pass_lock(store.database(), world, request.actor);
    end_expired(store, now_);
    read();
    check_role();
  }

  double share() const { return change_.before; }
  double wanted() const { return change_.wanted; }
  std::string name() const { return fmt::format("{}/{}", kPolicy, request_.policy); }
  bool is_overlaid() const { return change_.overlay.has_value(); }

  // `share` is in force from now on, in the name of `what`.
  void put(double share, const char* what) {
    std::vector<Overlay> overlays = others_;
    change_.overlay.reset();
    if (share != change_.wanted) {
      Overlay o = rollout_overlay(wanted_, share, what, request_.reason, request_.actor, now_);
      if (request_.lasting) o.expires = o.time + *request_.lasting;
      overlays.push_back(o);
      change_.overlay = std::move(o);
    }
    const std::string message = fmt::format("{} {}{}{}", what, name(),
                                            request_.reason.empty() ? "" : ": ", request_.reason);
    change_.revision =
        put_overlays(store_, wanted_, overlays,
                     {what, message, request_.actor, now_,
                      Map{{"from", format_share(change_.before)}, {"to", format_share(share)}}});
    change_.after = share;
    change_.changed = true;
  }

  RolloutChange finish() { return std::move(change_); }

 private:
  void read() {
    const auto wanted = store_.desired_document(kPolicy, request_.policy);
    if (!wanted) unknown_policy(store_, request_.policy);
    wanted_ = *wanted;
    present_ = *store_.document(kPolicy, request_.policy);
    for (Overlay& o : overlays_of(read_overlays(store_.database()), kPolicy, request_.policy)) {
      if (o.field == kRolloutField) {
        change_.overlay = std::move(o);
      } else {
        others_.push_back(std::move(o));
      }
    }
    change_.policy = request_.policy;
    change_.wanted = policy::policy_from(wanted_).rollout;
    change_.before = change_.after = policy::policy_from(present_).rollout;
    change_.revision = store_.head();
  }

  void check_role() {
    const policy::Role least =
        std::max({policy::Role::operator_, authority_of(wanted_), authority_of(present_)});
    const std::optional<policy::Role> role = role_of(&store_, request_.actor);
    if (role && *role >= least) return;
    throw Error(ErrorKind::denied,
                fmt::format("{}; the rollout of {} takes {}", role_sentence(request_.actor, role),
                            name(), policy::to_string(least)),
                "the policy's authority says who may change it");
  }

  Store& store_;
  const RolloutRequest& request_;
  Instant now_;
  policy::Document wanted_, present_;
  std::vector<Overlay> others_;
  RolloutChange change_;
};

// Lets `act` change the subject, all in one transaction.
template <class Act>
RolloutChange change_rollout(Store& store, const RolloutRequest& request, const char* operation,
                             World& world, Act act) {
  return recording_refusals(store, operation, request.actor, world, [&] {
    WriteTransaction transaction(store.database());
    Subject subject(store, request, world);
    act(subject);
    transaction.commit();
    return subject.finish();
  });
}

}  // namespace

RolloutChange promote(Store& store, const RolloutRequest& request, double share, World& world) {
  return change_rollout(store, request, "rollout promote", world, [&](Subject& subject) {
    if (share == subject.share() && !request.lasting) return;
    if (share < subject.share()) {
      throw Error(
          ErrorKind::invalid,
          fmt::format("{} is rolled out to {} already, which is more than {}", subject.name(),
                      format_share(subject.share()), format_share(share)),
          "`autopilot rollout rollback` takes it to 0%; a smaller share is for its document "
          "to say");
    }
    subject.put(share, kPromote);
  });
}

RolloutChange roll_back(Store& store, const RolloutRequest& request, World& world) {
  return change_rollout(store, request, "rollout rollback", world, [&](Subject& subject) {
    if (subject.share() == 0 && !request.lasting) return;
    subject.put(0, kRollback);
  });
}

RolloutChange resume(Store& store, const RolloutRequest& request, World& world) {
  return change_rollout(store, request, "rollout resume", world, [&](Subject& subject) {
    if (subject.is_overlaid()) subject.put(subject.wanted(), kResume);
  });
}

Overlay rollout_overlay(const policy::Document& wanted, double share, std::string what,
                        std::string reason, std::string actor, Instant time) {
  Overlay o;
  o.kind = wanted.kind;
  o.id = wanted.id;
  o.field = kRolloutField;
  o.value = format_share(share);
  o.desired = wanted.hash;
  o.what = std::move(what);
  o.reason = std::move(reason);
  o.actor = std::move(actor);
  o.time = Instant::from_micros(time.micros());
  return o;
}

RollbackCounts count_rollbacks(Store& store, const std::string& policy) {
  Statement rows = store.database().prepare(
      "SELECT r.what, count(*) FROM revision r JOIN revision_document d ON d.seq = r.seq "
      "WHERE r.what IN (?1, ?2) AND (?3 = '' OR d.id = ?3) GROUP BY r.what");
  rows.bind(kRollback, kAutoRollback, policy);
  RollbackCounts counts;
  while (rows.step()) {
    (rows.text(0) == kRollback ? counts.by_hand : counts.by_rule) = rows.integer(1);
  }
  return counts;
}

}  // namespace autopilot::state
