#pragma once
// Local time in a named time zone. The only place that knows cctz. Uses the system's IANA tables
// (TZDIR).

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/time.h"

namespace autopilot {

// Civil time with what a calendar adds. Weekday: 0 is Sunday. Yearday: 0 is January 1st.
struct LocalTime {
  Civil civil;
  int weekday = 0;
  int yearday = 0;
  int offset_seconds = 0;  // east of UTC
};

// A cheap copyable handle; immutable, shareable between threads.
class TimeZone {
 public:
  TimeZone();  // UTC

  // "Europe/Paris", "UTC", "+02:00", "-0330", "05:30" (east). Null when there is no such zone.
  static std::optional<TimeZone> load(std::string_view name);

  LocalTime to_civil(Instant t) const;

  // The first instant that shows this local time, or, when a gap skips it, the instant at the gap's
  // end. `exists` is false in that second case; `repeats` when a second instant shows it too.
  struct Lookup {
    std::int64_t unix_seconds = 0;
    bool exists = true;
    bool repeats = false;
    std::int64_t second = 0;  // the later instant when it repeats
  };
  Lookup from_civil(const Civil& civil) const;

  const std::string& name() const;

 private:
  struct Zone;
  explicit TimeZone(std::shared_ptr<const Zone> zone);
  std::shared_ptr<const Zone> zone_;  // null: UTC
};

}  // namespace autopilot
