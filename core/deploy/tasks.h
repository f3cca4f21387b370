#pragma once
// The real Tasks.

#include <memory>

#include "core/deploy/placeholders.h"
#include "core/deploy/providers.h"

namespace autopilot::deploy {

// What commands, URLs and files may name of a rollout.
Placeholders task_words(const Rollout& rollout, const Slot& canary);

// `secrets`, which headers of smoke tests refer to, must outlive the result, as must `world`.
std::unique_ptr<Tasks> make_tasks(World& world, Secrets* secrets = nullptr);

}  // namespace autopilot::deploy
