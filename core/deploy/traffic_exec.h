#pragma once
// The provider `exec`: a program of yours moves the traffic. Its contract is in docs/traffic.md.

#include <memory>

#include "core/deploy/traffic.h"

namespace autopilot::deploy {

// Throws Error(invalid).
std::unique_ptr<Traffic> make_exec_traffic(const Value& spec, const Site& site, World& world);

}  // namespace autopilot::deploy
