#include "core/state/hand_change.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.h"
#include "core/state/access.h"
#include "core/state/lock.h"
#include "core/state/overlay_change.h"
#include "core/state/watching.h"

namespace autopilot::state {
namespace {

constexpr const char* kPolicy = "Policy";

}  // namespace

HandChange::HandChange(Store& store, const HandRequest& request, std::string field,
                       std::string_view what, World& world)
    : store_(store),
      request_(request),
      field_(std::move(field)),
      now_(world.clock.now()),
      note_(pass_lock(store.database(), world, request.actor)) {
  end_expired(store, now_);
  const auto wanted = store.desired_document(kPolicy, request.policy);
  if (!wanted) unknown_policy(store, request.policy);
  wanted_ = *wanted;
  present_ = store.document(kPolicy, request.policy).value();
  check_role(what);
  for (Overlay& o : overlays_of(read_overlays(store.database()), kPolicy, request.policy)) {
    if (o.field == field_) {
      overlay_ = std::move(o);
    } else {
      others_.push_back(std::move(o));
    }
  }
}

void HandChange::check_role(std::string_view what) const {
  const policy::Role least =
      std::max({policy::Role::operator_, authority_of(wanted_), authority_of(present_)});
  const Access access = read_access(&store_);
  const std::optional<policy::Role> role = access.role_of(request_.actor);
  if (role && *role >= least) return;
  throw Error(ErrorKind::denied,
              fmt::format("{}; {} {} takes {}", role_sentence(request_.actor, role), what, name(),
                          policy::to_string(least)),
              who_may(access, least));
}

Revision HandChange::put(std::optional<Value> value, const char* what, Map details) {
  std::vector<Overlay> overlays = others_;
  overlay_.reset();
  if (value) {
    overlay_ = field_overlay(wanted_, field_, std::move(*value), what, request_, now_);
    if (request_.lasting) overlay_->expires = overlay_->time + *request_.lasting;
    overlays.push_back(*overlay_);
  }
  if (overlay_ && overlay_->expires) details.append("until", format_rfc3339(*overlay_->expires));
  const std::string message =
      fmt::format("{} {}{}{}", what, name(), request_.reason.empty() ? "" : ": ", request_.reason);
  return put_overlays(store_, wanted_, overlays,
                      {what, message, request_.actor, now_, std::move(details)});
}

Overlay field_overlay(const policy::Document& wanted, std::string field, Value value,
                      std::string what, const HandRequest& request, Instant time) {
  Overlay o;
  o.kind = wanted.kind;
  o.id = wanted.id;
  o.field = std::move(field);
  o.value = std::move(value);
  o.desired = wanted.hash;
  o.what = std::move(what);
  o.reason = request.reason;
  o.actor = request.actor;
  o.time = Instant::from_micros(time.micros());
  return o;
}

}  // namespace autopilot::state
