#pragma once
// The real Sockets. Part of System; nothing else needs it.

#include <memory>

#include "core/base/http.h"

namespace autopilot {

std::unique_ptr<Sockets> system_sockets();

}  // namespace autopilot
