#pragma once
// Who may do what: what changes of documents take, judged by the applied Access documents
// (actors.h).

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/policy/model.h"
#include "core/state/actors.h"
#include "core/state/plan.h"
#include "core/state/store.h"

namespace autopilot::state {

// The actor's highest role in the applied Access documents; absent when they give none, dg_ai when
// there are none. `store` may be null: no state yet.
std::optional<policy::Role> role_of(Store* store, std::string_view actor);

// "admin", or "no role".
std::string role_text(std::optional<policy::Role> role);
// "ada has the role admin", "ada has no role".
std::string role_sentence(std::string_view actor, std::optional<policy::Role> role);

// The least role that may change a document: a Policy's authority; dg_ai for an Access, or people
// could give themselves roles; admin for other kinds.
policy::Role authority_of(const policy::Document& document);

// What the actor may not change, old and new content counting: one line per document, "Policy/x
// takes dg_ai: ada (dg_ai) may". While nobody has dg_ai, admin may change who has.
std::vector<std::string> denied_changes(const Plan& plan, const Access& access,
                                        std::string_view actor);

// Why nobody, or not even `who`, could undo what makes `after` out of `before`: a clause, or "".
std::string lockout(const Access& before, const Access& after, const Who& who,
                    Environment& environment);

}  // namespace autopilot::state
