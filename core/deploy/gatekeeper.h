#pragma once
// Approval steps of rollouts as requests for approval: the same people, roles, signatures and audit
// as for plans and decisions.

#include <memory>
#include <string>

#include "core/deploy/providers.h"
#include "core/state/identity.h"
#include "core/state/store.h"

namespace autopilot::deploy {

// `root`: see state::Approvals. `who`: whose process it is; whoever began the rollout is the author
// of its requests.
std::unique_ptr<Gatekeeper> make_gatekeeper(state::Store& store, World& world, std::string root,
                                            state::Who who);

}  // namespace autopilot::deploy
