#include "core/state/identity.h"

#include <algorithm>

#include "core/base/text.h"

namespace autopilot::state {

Who who_of(Environment& environment, std::string_view as) {
  const std::string user = environment.user();
  std::string identity = "user:" + user;
  const std::string before = environment.get("SUDO_USER").value_or("");
  if (!before.empty() && before != user) identity += " user:" + before;
  return {as.empty() ? user : std::string(as), std::move(identity)};
}

bool may_be_same(const Who& a, const Who& b) {
  if (a.actor == b.actor) return true;
  const std::vector<std::string> parts = split(b.identity, ' ');
  for (const std::string& part : split(a.identity, ' ')) {
    if (std::find(parts.begin(), parts.end(), part) != parts.end()) return true;
  }
  return false;
}

}  // namespace autopilot::state
