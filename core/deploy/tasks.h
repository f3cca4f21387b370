#pragma once
// The real Tasks.

#include <functional>
#include <memory>

#include "core/deploy/placeholders.h"
#include "core/deploy/providers.h"

namespace autopilot::deploy {

using SmokeFunction = std::function<TaskResult(const std::string& file, const Placeholders&)>;
using LoadFunction = std::function<TaskResult(const Value& spec, const Placeholders&)>;

std::unique_ptr<Tasks> make_tasks(World& world, SmokeFunction smoke, LoadFunction load);

}  // namespace autopilot::deploy
