#include "core/base/cron_times.h"

#include <algorithm>
#include <vector>

namespace autopilot {
namespace {

constexpr std::int64_t kDay = 86'400;
constexpr std::int64_t kMostDays = 3653;  // February 29th comes within eight years

bool bit(std::uint64_t mask, int n) { return (mask >> n & 1) != 0; }

bool day_fits(const Cron& cron, const Civil& civil, int weekday) {
  if (!bit(cron.months, civil.month)) return false;
  const bool day = bit(cron.days, civil.day), week = bit(cron.weekdays, weekday);
  return cron.either_day ? day || week : day && week;
}

int weekday_of(std::int64_t day) { return static_cast<int>(((day + 4) % 7 + 7) % 7); }

// Seconds since 1970 of all moments that are due on a local day, `day` days after 1970-01-01;
// sorted.
std::vector<std::int64_t> due_on(const Cron& cron, const TimeZone& zone, std::int64_t day) {
  std::vector<std::int64_t> out;
  Civil civil = to_civil(day * kDay);
  if (!day_fits(cron, civil, weekday_of(day))) return out;
  for (civil.hour = 0; civil.hour < 24; ++civil.hour) {
    if (!bit(cron.hours, civil.hour)) continue;
    for (civil.minute = 0; civil.minute < 60; ++civil.minute) {
      if (!bit(cron.minutes, civil.minute)) continue;
      const TimeZone::Lookup found = zone.from_civil(civil);
      if (found.exists || cron.is_fixed_time) out.push_back(found.unix_seconds);
      if (found.repeats && !cron.is_fixed_time) out.push_back(found.second);
    }
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::int64_t local_day(const TimeZone& zone, Instant t) {
  Civil civil = zone.to_civil(t).civil;
  civil.hour = civil.minute = civil.second = 0;
  return from_civil(civil) / kDay;
}

}  // namespace

// A gap or a repeated hour may move a day's first or last moments into the neighbouring day.
std::optional<Instant> last_due(const Cron& cron, const TimeZone& zone, Instant after,
                                Instant now) {
  const std::int64_t newest = local_day(zone, now) + 1;
  const std::int64_t oldest = std::max(local_day(zone, after) - 1, newest - kMostDays);
  std::optional<Instant> best;
  for (std::int64_t day = newest; day >= oldest; --day) {
    for (const std::int64_t seconds : due_on(cron, zone, day)) {
      const Instant at{seconds, 0};
      if (at > after && at <= now && (!best || at > *best)) best = at;
    }
    if (best && day < local_day(zone, *best)) return best;
  }
  return best;
}

std::optional<Instant> next_due(const Cron& cron, const TimeZone& zone, Instant after) {
  const std::int64_t first = local_day(zone, after) - 1;
  std::optional<Instant> best;
  for (std::int64_t day = first; day < first + kMostDays; ++day) {
    if (best && day > local_day(zone, *best) + 1) return best;
    for (const std::int64_t seconds : due_on(cron, zone, day)) {
      const Instant at{seconds, 0};
      if (at > after && (!best || at < *best)) best = at;
    }
  }
  return best;
}

}  // namespace autopilot
