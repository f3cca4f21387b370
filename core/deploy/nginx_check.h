#pragma once
// Whether nginx splits as it should: asked key by key, and followed through to the slots.

#include "core/base/world.h"
#include "core/deploy/nginx_config.h"

namespace autopilot::deploy {

SplitCheck check_nginx(World& world, const NginxSpec& spec, const NginxState& state);

}  // namespace autopilot::deploy
