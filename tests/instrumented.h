#pragma once
// Builds that check memory or threads run several times slower. What a property test tries there is
// a quarter of what it tries at full speed: the same code on fewer seeds, each step watched.

namespace autopilot::testing {

constexpr bool is_instrumented() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return true;
#else
  return false;
#endif
}

// How often something random is tried, or how often it has to come up then.
constexpr int rounds(int at_full_speed) {
  return is_instrumented() ? (at_full_speed + 3) / 4 : at_full_speed;
}

}  // namespace autopilot::testing
