#pragma once
// When a cron expression is due in a time zone, as Vixie's cron does it where clocks change:
//  * a fixed time (neither minute nor hour begins with *) that a gap skips is due at the gap's end,
//    and one that comes twice is due the first time only;
//  * what repeats through the hours (*) is due whenever the local clock shows it.

#include <optional>

#include "core/base/cron.h"
#include "core/base/time.h"
#include "core/base/timezone.h"

namespace autopilot {

// The latest moment after `after` and not after `now`; null when there is none. Whole minutes.
std::optional<Instant> last_due(const Cron& cron, const TimeZone& zone, Instant after, Instant now);

// The first moment after `after`; null when there is none within ten years.
std::optional<Instant> next_due(const Cron& cron, const TimeZone& zone, Instant after);

}  // namespace autopilot
