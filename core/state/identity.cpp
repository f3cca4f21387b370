#include "core/state/identity.h"

namespace autopilot::state {

Who who_of(Environment& environment, std::string_view as) {
  const std::string user = environment.user();
  return {as.empty() ? user : std::string(as), "user:" + user};
}

bool may_be_same(const Who& a, const Who& b) {
  return a.actor == b.actor || a.identity == b.identity;
}

}  // namespace autopilot::state
