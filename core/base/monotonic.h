#pragma once

#include <cstdint>

namespace autopilot {

// Nanoseconds of a clock that nobody sets, from some instant on: for the time limits of what waits
// for another program or machine. What decides reads the World's clock.
std::int64_t monotonic_nanos();

}  // namespace autopilot
