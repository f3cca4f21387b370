#pragma once
// Whether nginx splits, chooses and copies as it should: asked key by key, and followed through to
// the slots. No request may be chosen by a match of `past`.

#include "core/base/world.h"
#include "core/deploy/nginx_config.h"

namespace autopilot::deploy {

SplitCheck check_nginx(World& world, const NginxSpec& spec, const NginxState& state,
                       const std::vector<Match>& past);

}  // namespace autopilot::deploy
