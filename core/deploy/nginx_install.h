#pragma once
// Putting a generated configuration in force: written as a whole, tested by nginx, reloaded, and
// seen to run. What nginx refuses is taken back.

#include <string>

#include "core/base/world.h"
#include "core/deploy/nginx_config.h"

namespace autopilot::deploy {

// False when it was in force already. Throws Error(outside) or Error(storage).
bool install_nginx(World& world, const NginxSpec& spec, const NginxText& text);

// What to look at when nginx cannot be asked for the reason `why`.
std::string what_to_look_at(const NginxSpec& spec, const std::string& why);

}  // namespace autopilot::deploy
