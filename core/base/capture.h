#pragma once
// Runs one program and keeps what it writes: the work behind Processes::capture(). The program gets
// exactly the environment given, its three streams, no core dumps, and a session of its own unless
// it is to ask at the terminal. REQUIRES that SIGPIPE is ignored.

#include <string_view>

#include "core/base/streams.h"
#include "core/base/world.h"

namespace autopilot {

Captured run_captured(Program program, std::string_view input, const CaptureLimits& limits);

}  // namespace autopilot
