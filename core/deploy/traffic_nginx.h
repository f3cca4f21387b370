#pragma once
// The provider `nginx`: a generated configuration, switched by renaming a flag file.

#include <memory>

#include "core/deploy/traffic.h"

namespace autopilot::deploy {

// Throws Error(invalid).
std::unique_ptr<Traffic> make_nginx_traffic(const Value& spec, const Site& site, World& world);

}  // namespace autopilot::deploy
