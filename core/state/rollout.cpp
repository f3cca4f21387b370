#include "core/state/rollout.h"

#include <fmt/format.h>

#include "core/base/error.h"
#include "core/base/units.h"
#include "core/policy/loader.h"
#include "core/state/apply.h"

namespace autopilot::state {
namespace {

// One policy while its rollout is changed, inside the transaction.
class Subject {
 public:
  Subject(Store& store, const RolloutRequest& request, World& world)
      : field_(store, request, kRolloutField, "the rollout of", world) {
    change_.policy = request.policy;
    change_.wanted = policy::policy_from(field_.wanted()).rollout;
    change_.before = change_.after = policy::policy_from(field_.present()).rollout;
    change_.revision = store.head();
    change_.note = field_.note();
  }

  double share() const { return change_.before; }
  double wanted() const { return change_.wanted; }
  std::string name() const { return field_.name(); }
  bool is_overlaid() const { return field_.overlay().has_value(); }

  // `share` is in force from now on, in the name of `what`.
  void put(double share, const char* what) {
    std::optional<Value> value;
    if (share != change_.wanted) value = format_share(share);
    change_.revision =
        field_.put(std::move(value), what,
                   Map{{"from", format_share(change_.before)}, {"to", format_share(share)}});
    change_.after = share;
    change_.changed = true;
  }

  RolloutChange finish() {
    change_.overlay = field_.overlay();
    return std::move(change_);
  }

 private:
  HandChange field_;
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
  return field_overlay(wanted, kRolloutField, format_share(share), std::move(what),
                       {wanted.id, std::move(actor), std::move(reason), {}}, time);
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
