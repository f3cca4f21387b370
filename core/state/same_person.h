#pragma once
// Whether two who act may be one person. Stricter than comparing names: whoever shares any name
// with another, in any form in which it is known, counts as the same.

#include <set>
#include <string>

#include "core/state/identity.h"

namespace autopilot::state {

using Names = std::set<std::string, std::less<>>;

// The actor, and the name in each part of the identity: "ada" of "user:ada", "bot" of
// "env:GITHUB_ACTOR=bot", "ada@x.org" and "ada" of "key:ada@x.org".
Names names_of(const Who& who);
void add_name(Names& names, std::string_view name);
bool share_a_name(const Names& a, const Names& b);

}  // namespace autopilot::state
