#pragma once
// The real Tasks.

#include <memory>

#include "core/deploy/placeholders.h"
#include "core/deploy/providers.h"

namespace autopilot::deploy {

// `secrets`, which headers of smoke tests refer to, must outlive the result.
std::unique_ptr<Tasks> make_tasks(World& world, Secrets* secrets = nullptr);

// What checks, hooks, smoke tests and loads fill in.
Placeholders placeholders_of(const Rollout& rollout, const Slot& canary);

}  // namespace autopilot::deploy
