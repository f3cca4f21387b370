#pragma once
// The real Processes: fork and exec. Part of System; nothing else needs it. REQUIRES that SIGPIPE
// is ignored.

#include <memory>

#include "core/base/world.h"

namespace autopilot {

std::unique_ptr<Processes> system_processes();

}  // namespace autopilot
