#pragma once
// Puts steps forward to the policies in force, as actions deploy.set_weight; each answer is a
// recorded decision. Asked again under the same key, it returns the recorded one.

#include <memory>

#include "core/deploy/providers.h"
#include "core/state/identity.h"
#include "core/state/store.h"

namespace autopilot::deploy {

// `root`: see state::Approvals. `who` and `role`: whose process it is.
std::unique_ptr<Decider> make_decider(state::Store& store, World& world, std::string root,
                                      state::Who who, std::string role);

}  // namespace autopilot::deploy
