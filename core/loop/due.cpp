#include "core/loop/due.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/cron_times.h"

namespace autopilot::loop {
namespace {

std::string due_at(std::optional<Instant> at) {
  return at ? fmt::format("the next step is due at {}", format_rfc3339(*at))
            : std::string("schedule.cron never comes");
}

// The minute that `now` is in.
Instant minute_of(Instant now) { return {now.seconds - (now.seconds % 60 + 60) % 60, 0}; }

// A moment that no run came for is as good as none, unless it is made up for.
bool has_come(const Schedule& schedule, Instant last, Instant now) {
  const Instant since =
      schedule.makes_up ? last : std::max(last, minute_of(now) - Duration::seconds(1));
  return last_due(*schedule.cron, schedule.zone, since, now).has_value();
}

}  // namespace

std::string why_not_due(const Schedule& schedule, std::optional<Instant> last, Instant now) {
  if (!last) return {};
  if (*last > now) {
    return fmt::format("the last step began at {}, and the clock says {}: it was set back",
                       format_rfc3339(*last), format_rfc3339(now));
  }
  const Instant earliest = *last + schedule.every;
  if (!schedule.cron) return earliest <= now ? std::string() : due_at(earliest);
  if (earliest <= now && has_come(schedule, *last, now)) return {};
  const Instant from = schedule.makes_up ? *last : std::max(*last, now);
  std::optional<Instant> next = next_due(*schedule.cron, schedule.zone, from);
  if (next && *next < earliest)
    next = schedule.makes_up ? earliest : next_due(*schedule.cron, schedule.zone, earliest);
  return due_at(next);
}

}  // namespace autopilot::loop
