#pragma once
// What a load sends, and where to.

#include "core/base/http.h"
#include "core/deploy/load.h"

namespace autopilot::deploy {

// Throws Error(usage) on a URL, method or header that cannot be sent.
WirePlan wire_plan(const LoadPlan& plan);

}  // namespace autopilot::deploy
