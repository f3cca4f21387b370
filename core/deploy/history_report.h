#pragma once
// What became of rollouts, as a table for people.

#include <vector>

#include "core/deploy/journal.h"
#include "core/render/report.h"

namespace autopilot::deploy {

// `rollouts`: newest first, as loaded.
render::Report describe_history(const std::vector<Rollout>& rollouts);

}  // namespace autopilot::deploy
