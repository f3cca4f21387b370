#pragma once
// The real Tasks.

#include <memory>

#include "core/deploy/providers.h"

namespace autopilot::deploy {

std::unique_ptr<Tasks> make_tasks(World& world);

}  // namespace autopilot::deploy
