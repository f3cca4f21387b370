#pragma once
// Samples for tests, one tick of ten seconds after the other.

#include <string>
#include <vector>

#include "core/deploy/metrics.h"

namespace autopilot::deploy {

inline Instant tick_time(int tick) { return Instant{1'800'000'000 + 10 * tick, 0}; }

inline Sample count_sample(const std::string& arm, int tick, std::int64_t bad, std::int64_t total,
                           const std::string& metric = "errors") {
  Sample out;
  out.metric = metric;
  out.arm = arm;
  out.from = tick_time(tick - 1);
  out.to = tick_time(tick);
  out.bad = bad;
  out.total = total;
  return out;
}

inline Sample value_sample(const std::string& arm, int tick, double value,
                           const std::string& metric = "latency") {
  Sample out = count_sample(arm, tick, 0, 0, metric);
  out.value = value;
  return out;
}

inline Sample silent_sample(const std::string& arm, int tick, const std::string& why,
                            const std::string& metric = "errors") {
  Sample out = count_sample(arm, tick, 0, 0, metric);
  out.no_data = why;
  return out;
}

}  // namespace autopilot::deploy
