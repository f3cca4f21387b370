#pragma once
// The provider `haproxy`: weights set through the runtime API.

#include <memory>

#include "core/deploy/traffic.h"

namespace autopilot::deploy {

// Throws Error(invalid).
std::unique_ptr<Traffic> make_haproxy_traffic(const Value& spec, const Site& site, World& world);

}  // namespace autopilot::deploy
