#include "core/state/disabling.h"

#include <fmt/format.h>

#include "core/base/error.h"
#include "core/policy/loader.h"
#include "core/state/apply.h"

namespace autopilot::state {
namespace {

// Off in git as well: nothing that a person does here would change that.
void check_wanted(const HandChange& change, const char* what) {
  if (policy::policy_from(change.wanted()).enabled) return;
  throw Error(ErrorKind::invalid,
              fmt::format("{}: its document says enabled: false, so there is nothing to {} here",
                          change.name(), what),
              "what the document says is for git and apply to change");
}

template <class Act>
Disabling change_enabled(Store& store, const HandRequest& request, const char* what, World& world,
                         Act act) {
  return recording_refusals(store, fmt::format("policy {}", what), request.actor, world, [&] {
    WriteTransaction transaction(store.database());
    HandChange change(store, request, kEnabledField, fmt::format("to {}", what), world);
    check_wanted(change, what);
    Disabling done;
    done.policy = request.policy;
    done.revision = store.head();
    done.note = change.note();
    act(change, done);
    done.overlay = change.overlay();
    transaction.commit();
    return done;
  });
}

}  // namespace

Disabling disable(Store& store, const HandRequest& request, World& world) {
  return change_enabled(store, request, kDisable, world, [&](HandChange& change, Disabling& done) {
    done.revision = change.put(
        Value(false), kDisable,
        Map{{"reason", request.reason}, {"for", format_duration(request.lasting.value())}});
    done.changed = true;
  });
}

Disabling enable(Store& store, const HandRequest& request, World& world) {
  return change_enabled(store, request, kEnable, world, [&](HandChange& change, Disabling& done) {
    if (!change.overlay()) return;
    done.revision = change.put(std::nullopt, kEnable, Map{{"reason", request.reason}});
    done.changed = true;
  });
}

}  // namespace autopilot::state
