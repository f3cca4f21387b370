#pragma once
// Who may do what: roles from the applied Access documents. Without any, everybody is dg_ai.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/policy/model.h"
#include "core/state/plan.h"
#include "core/state/store.h"

namespace autopilot::state {

// The actor's highest role in the applied Access documents; absent when they give none. `store` may
// be null: no state yet.
std::optional<policy::Role> role_of(Store* store, std::string_view actor);

// "admin", or "no role".
std::string role_text(std::optional<policy::Role> role);
// "ada has the role admin", "ada has no role".
std::string role_sentence(std::string_view actor, std::optional<policy::Role> role);

// The least role that may change a document: a Policy's authority, admin for other kinds.
policy::Role authority_of(const policy::Document& document);

// What the actor may not change, old or new content counting: one line per document, "Policy/x
// takes dg_ai".
std::vector<std::string> denied_changes(const Plan& plan, std::optional<policy::Role> role);

}  // namespace autopilot::state
