#include "core/decide/overrides.h"

#include "core/base/audit.h"

namespace autopilot::decide {

void Overrides::Decisions::add(std::string_view id) {
  if (++count <= kNamed) ids.emplace_back(id);
}

Map Overrides::Decisions::body(const Override& by) const {
  return Map{{"by", by.actor},
             {"role", policy::to_string(by.role)},
             {"reason", by.reason},
             {"count", Value(count)},
             {"decisions", List(ids.begin(), ids.end())}};
}

void Overrides::add(const Outcome& outcome, std::string_view id) {
  if (outcome.overridden) used_.add(id);
  for (const Reason& reason : outcome.reasons) {
    if (reason.effect == Effect::overridden && !reason.policy.empty())
      policies_.emplace(reason.policy);
    if (reason.kind != "override") continue;  // the engine's word for one that was refused
    refused_.add(id);
    if (why_.empty()) why_ = reason.message;
  }
}

void Overrides::append_audit(Database& database, const Override& by, std::string_view actor,
                             Instant time) {
  if (used_.count > 0) {
    Map body = used_.body(by);
    body.append("policies", List(policies_.begin(), policies_.end()));
    autopilot::append_audit(database, "override", body, actor, time);
  }
  if (refused_.count > 0) {
    Map body = refused_.body(by);
    body.append("operation", "decide --override");
    body.append("why", why_);
    autopilot::append_audit(database, "refused", body, actor, time);
  }
  *this = {};
}

}  // namespace autopilot::decide
