#include "core/base/cron_times.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace autopilot {
namespace {

TimeZone zone(const char* name) { return TimeZone::load(name).value(); }
Instant at(const char* time) { return parse_rfc3339(time).value(); }
Cron cron(const char* text) { return parse_cron(text).cron.value(); }
std::string text(std::optional<Instant> time) { return time ? format_rfc3339(*time) : "never"; }

std::string next(const char* expression, const char* zone_name, const char* after) {
  return text(next_due(cron(expression), zone(zone_name), at(after)));
}
std::string last(const char* expression, const char* zone_name, const char* after,
                 const char* now) {
  return text(last_due(cron(expression), zone(zone_name), at(after), at(now)));
}

TEST(CronTimes, the_next_one_is_told_in_the_expression_s_time_zone) {
  EXPECT_EQ(next("0 3 * * *", "UTC", "2026-11-20T10:00:00Z"), "2026-11-21T03:00:00Z");
  EXPECT_EQ(next("0 3 * * *", "Europe/Paris", "2026-11-20T10:00:00Z"), "2026-11-21T02:00:00Z");
  EXPECT_EQ(next("0 3 * * *", "Asia/Kolkata", "2026-11-20T10:00:00Z"), "2026-11-20T21:30:00Z");
  EXPECT_EQ(next("*/5 * * * *", "UTC", "2026-11-20T10:00:00Z"), "2026-11-20T10:05:00Z");
  EXPECT_EQ(next("* * * * *", "UTC", "2026-11-20T10:00:59.5Z"), "2026-11-20T10:01:00Z");
  EXPECT_EQ(next("0 0 29 2 *", "UTC", "2026-11-20T10:00:00Z"), "2028-02-29T00:00:00Z");
  EXPECT_EQ(next("0 0 31 2 *", "UTC", "2026-11-20T10:00:00Z"), "never");
}

TEST(CronTimes, days_of_month_and_week_are_either_when_both_are_given) {
  EXPECT_EQ(next("0 0 13 * 5", "UTC", "2026-11-13T12:00:00Z"), "2026-11-20T00:00:00Z");
  EXPECT_EQ(next("0 0 13 * 5", "UTC", "2026-12-11T12:00:00Z"), "2026-12-13T00:00:00Z");
  EXPECT_EQ(next("0 0 */2 * 5", "UTC", "2026-11-13T12:00:00Z"), "2026-11-27T00:00:00Z");
}

TEST(CronTimes, the_last_one_lies_within_what_is_asked) {
  EXPECT_EQ(last("0 3 * * *", "UTC", "2026-11-18T10:00:00Z", "2026-11-20T10:00:00Z"),
            "2026-11-20T03:00:00Z");
  EXPECT_EQ(last("0 3 * * *", "UTC", "2026-11-20T03:00:00Z", "2026-11-20T10:00:00Z"), "never");
  EXPECT_EQ(last("0 3 * * *", "UTC", "2026-11-20T02:59:59Z", "2026-11-20T03:00:00Z"),
            "2026-11-20T03:00:00Z");
  EXPECT_EQ(last("0 0 1 1 *", "UTC", "2020-06-01T00:00:00Z", "2026-11-20T10:00:00Z"),
            "2026-01-01T00:00:00Z");
}

// Paris: on 2026-03-29 the hour from 02:00 is skipped, on 2026-10-25 that from 02:00 comes twice.
TEST(CronTimes, a_time_of_day_that_is_skipped_comes_when_the_gap_ends) {
  EXPECT_EQ(next("30 2 * * *", "Europe/Paris", "2026-03-28T12:00:00Z"), "2026-03-29T01:00:00Z");
  EXPECT_EQ(next("30 2 * * *", "Europe/Paris", "2026-03-29T01:00:00Z"), "2026-03-30T00:30:00Z");
  EXPECT_EQ(last("30 2 * * *", "Europe/Paris", "2026-03-28T12:00:00Z", "2026-03-29T12:00:00Z"),
            "2026-03-29T01:00:00Z");
}

TEST(CronTimes, a_time_of_day_that_comes_twice_is_due_the_first_time) {
  EXPECT_EQ(next("30 2 * * *", "Europe/Paris", "2026-10-24T12:00:00Z"), "2026-10-25T00:30:00Z");
  EXPECT_EQ(next("30 2 * * *", "Europe/Paris", "2026-10-25T00:30:00Z"), "2026-10-26T01:30:00Z");
}

TEST(CronTimes, what_comes_each_hour_follows_the_local_clock) {
  EXPECT_EQ(next("30 * * * *", "Europe/Paris", "2026-03-29T00:30:00Z"), "2026-03-29T01:30:00Z");
  EXPECT_EQ(next("30 * * * *", "Europe/Paris", "2026-10-25T00:30:00Z"), "2026-10-25T01:30:00Z");
  EXPECT_EQ(next("*/20 2 * * *", "Europe/Paris", "2026-03-28T12:00:00Z"), "2026-03-30T00:00:00Z")
      << "the hour is not there that day";
}

TEST(CronTimes, clocks_that_change_at_midnight_lose_no_day) {
  // Beirut: 2026-03-29 begins at 01:00.
  EXPECT_EQ(next("0 0 * * *", "Asia/Beirut", "2026-03-28T12:00:00Z"), "2026-03-28T22:00:00Z");
  EXPECT_EQ(next("0 0 * * *", "Asia/Beirut", "2026-03-28T22:00:00Z"), "2026-03-29T21:00:00Z");
}

// Against a slow oracle: every minute of the weeks around both changes.
TEST(CronTimes, forwards_and_backwards_they_agree_minute_by_minute) {
  for (const char* expression :
       {"*/7 * * * *", "15 */5 * * *", "30 2 * * *", "0,59 1-3 * * *", "5 4 1-7 * 1"}) {
    for (const char* from : {"2026-03-27T00:00:00Z", "2026-10-23T00:00:00Z"}) {
      SCOPED_TRACE(fmt::format("{} from {}", expression, from));
      const Instant begin = at(from), end = begin + Duration::seconds(5 * 86400);
      std::vector<Instant> all;
      for (Instant t = begin;;) {
        const auto following = next_due(cron(expression), zone("Europe/Paris"), t);
        if (!following || *following > end) break;
        ASSERT_GT(*following, t);
        all.push_back(t = *following);
      }
      std::optional<Instant> newest;
      std::size_t i = 0;
      for (Instant t = begin; t < end; t = t + Duration::seconds(600)) {
        while (i < all.size() && all[i] <= t) newest = all[i++];
        ASSERT_EQ(last_due(cron(expression), zone("Europe/Paris"), begin, t), newest)
            << format_rfc3339(t);
      }
    }
  }
}

}  // namespace
}  // namespace autopilot
