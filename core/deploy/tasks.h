#pragma once
// The real Tasks.

#include <memory>

#include "core/deploy/providers.h"

namespace autopilot::deploy {

// `secrets`, which headers of smoke tests refer to, must outlive the result.
std::unique_ptr<Tasks> make_tasks(World& world, Secrets* secrets = nullptr);

}  // namespace autopilot::deploy
