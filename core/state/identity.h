#pragma once
// Who acts: the name in which somebody asks and what the machine says of whoever that is. Both
// stand in every request and approval, so that taking another name makes nobody another person.

#include <string>
#include <string_view>

#include "core/base/world.h"

namespace autopilot::state {

struct Who {
  std::string actor;  // the name: --as, or the OS user's
  // What the machine says, parts separated by spaces, the surest first: "user:ada"; "user:root
  // user:ada" for ada who became root with sudo; "user:runner env:GITHUB_ACTOR=bot" for a job that
  // is known by a variable of its environment.
  std::string identity;
};

// `as` is the name that was asked for; empty: the OS user's own.
Who who_of(Environment& environment, std::string_view as);

// Whether two may be one person: they share the name or a part of the identity.
bool may_be_same(const Who& a, const Who& b);

}  // namespace autopilot::state
