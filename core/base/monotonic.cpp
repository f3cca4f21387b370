#include "core/base/monotonic.h"

#include <time.h>

namespace autopilot {

std::int64_t monotonic_nanos() {
  timespec t{};
  ::clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1'000'000'000 + t.tv_nsec;
}

}  // namespace autopilot
