#pragma once
// When a condition has held long enough: `for: 3m` and `consecutive: 4` of rules. Gap-free: a false
// sample starts it anew, and so does a silence of more than three intervals, in which nobody knows.

#include <optional>

#include "core/base/time.h"

namespace autopilot::deploy {

struct Sustained {
  std::optional<Instant> since;  // the first of the samples that hold without a gap
  std::optional<Instant> last;   // the newest of them
  int count = 0;
};

enum class Truth { no, yes, unknown };  // unknown: no data, or an error

// An unknown sample is as if there had been none: it does not clear what held, and does not count.
void advance(Sustained& sustained, Truth truth, Instant at, Duration interval);

// Whether it has held for `least`, and for so many samples.
bool has_held(const Sustained& sustained, Duration least, int samples = 1);

}  // namespace autopilot::deploy
