#pragma once
// Whether counts of requests can come from a split: the exact binomial test. Nothing is assumed of
// how large the counts are.

#include <cstdint>

#include "core/base/value.h"

namespace autopilot::deploy {

// The probability below which a split is said not to hold.
inline constexpr double kSplitAlpha = 1e-6;

// `canary` of `total` requests went to the canary, whose share should be `share` (0 to 1): false
// when counts at least so far off, on their side, are rarer than alpha/2. Shares of 0 and 1 allow
// nothing else.
bool counts_fit(std::int64_t canary, std::int64_t total, double share, double alpha = kSplitAlpha);

}  // namespace autopilot::deploy
