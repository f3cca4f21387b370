#include "core/deploy/sustained.h"

namespace autopilot::deploy {
namespace {

constexpr std::int64_t kLongestGap = 3;  // intervals

}  // namespace

void advance(Sustained& sustained, Truth truth, Instant at, Duration interval) {
  if (sustained.last && at - *sustained.last > Duration{kLongestGap * interval.nanos})
    sustained = {};
  if (truth == Truth::unknown) return;
  if (truth == Truth::no) {
    sustained = {};
    return;
  }
  if (!sustained.since) sustained.since = at;
  sustained.last = at;
  ++sustained.count;
}

bool has_held(const Sustained& sustained, Duration least, int samples) {
  if (!sustained.since || !sustained.last) return false;
  return *sustained.last - *sustained.since >= least && sustained.count >= samples;
}

}  // namespace autopilot::deploy
