#include "core/base/timezone.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace autopilot {
namespace {

std::string local(std::string_view zone, std::string_view time) {
  const LocalTime t = TimeZone::load(zone)->to_civil(*parse_rfc3339(time));
  return fmt::format("{}-{:02}-{:02} {:02}:{:02}:{:02} weekday {} yearday {} offset {}",
                     t.civil.year, t.civil.month, t.civil.day, t.civil.hour, t.civil.minute,
                     t.civil.second, t.weekday, t.yearday, t.offset_seconds);
}

TEST(TimeZone, shows_local_time_with_its_weekday_and_yearday) {
  EXPECT_EQ(local("Europe/Paris", "2026-11-20T23:30:00Z"),
            "2026-11-21 00:30:00 weekday 6 yearday 324 offset 3600");
  EXPECT_EQ(local("Europe/Paris", "2026-07-01T00:00:00Z"),
            "2026-07-01 02:00:00 weekday 3 yearday 181 offset 7200");
  EXPECT_EQ(local("UTC", "2024-12-31T00:00:00Z"),
            "2024-12-31 00:00:00 weekday 2 yearday 365 offset 0");
  EXPECT_EQ(local("America/New_York", "2026-11-22T04:00:00Z"),
            "2026-11-21 23:00:00 weekday 6 yearday 324 offset -18000");
  EXPECT_EQ(local("Asia/Kolkata", "1969-12-31T20:00:00Z"),
            "1970-01-01 01:30:00 weekday 4 yearday 0 offset 19800");
}

TEST(TimeZone, understands_fixed_offsets) {
  EXPECT_EQ(local("+02:00", "2026-01-01T00:00:00Z").substr(0, 19), "2026-01-01 02:00:00");
  EXPECT_EQ(local("-0330", "2026-01-01T00:00:00Z").substr(0, 19), "2025-12-31 20:30:00");
  EXPECT_EQ(local("05:45", "2026-01-01T00:00:00Z").substr(0, 19), "2026-01-01 05:45:00");
}

TEST(TimeZone, refuses_what_is_no_zone) {
  for (const char* name :
       {"", "Mars/Olympus", "../etc/passwd", "/etc/localtime", "+25:00", "+02:60", "02", "+2:00",
        "localtime", "Europe/Paris\n", "libc:localtime"}) {
    EXPECT_FALSE(TimeZone::load(name)) << name;
  }
}

TEST(TimeZone, finds_instants_of_local_times_in_gaps_and_overlaps) {
  const TimeZone paris = *TimeZone::load("Europe/Paris");
  const auto plain = paris.from_civil({2026, 11, 20, 11, 0, 0});
  EXPECT_TRUE(plain.exists && !plain.repeats);
  EXPECT_EQ(format_rfc3339({plain.unix_seconds, 0}), "2026-11-20T10:00:00Z");
  const auto gap = paris.from_civil({2026, 3, 29, 2, 30, 0});
  EXPECT_FALSE(gap.exists);
  EXPECT_EQ(format_rfc3339({gap.unix_seconds, 0}), "2026-03-29T01:00:00Z");
  const auto twice = paris.from_civil({2026, 10, 25, 2, 30, 0});
  EXPECT_TRUE(twice.exists && twice.repeats);
  EXPECT_EQ(format_rfc3339({twice.unix_seconds, 0}), "2026-10-25T00:30:00Z");
  EXPECT_EQ(format_rfc3339({twice.second, 0}), "2026-10-25T01:30:00Z");
}

TEST(TimeZone, keeps_its_name) {
  EXPECT_EQ(TimeZone::load("Europe/Paris")->name(), "Europe/Paris");
  EXPECT_EQ(TimeZone().name(), "UTC");
}

}  // namespace
}  // namespace autopilot
