#include "core/base/time.h"

#include <gtest/gtest.h>

#include <limits>

#include "tests/fakes.h"

namespace autopilot {
namespace {

std::string reprinted(std::string_view text) {
  const auto t = parse_rfc3339(text);
  return t ? format_rfc3339(*t) : "none";
}

TEST(Time, reads_rfc_3339_and_prints_it_in_utc) {
  const std::pair<const char*, const char*> cases[] = {
      {"1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z"},
      {"2026-11-20T10:01:00+01:00", "2026-11-20T09:01:00Z"},
      {"2026-11-20t10:01:00z", "2026-11-20T10:01:00Z"},
      {"2026-11-20 10:01:00-05:30", "2026-11-20T15:31:00Z"},
      {"2024-02-29T23:59:59.5Z", "2024-02-29T23:59:59.500Z"},
      {"2024-12-31T23:59:59.123456Z", "2024-12-31T23:59:59.123456Z"},
      {"1969-12-31T23:59:59.999999999Z", "1969-12-31T23:59:59.999999999Z"},
      {"0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"},
      {"9999-12-31T23:59:59.999999999Z", "9999-12-31T23:59:59.999999999Z"}};
  for (const auto& [text, expected] : cases) EXPECT_EQ(reprinted(text), expected);
}

TEST(Time, refuses_what_is_no_instant) {
  for (const char* text : {"",
                           "2026",
                           "2026-11-20",
                           "2026-11-20T10:01:00",
                           "2026-11-20T10:01Z",
                           "2026-13-01T00:00:00Z",
                           "2026-00-01T00:00:00Z",
                           "2026-02-29T00:00:00Z",
                           "1900-02-29T00:00:00Z",
                           "2026-04-31T00:00:00Z",
                           "2026-01-01T24:00:00Z",
                           "2026-01-01T00:60:00Z",
                           "2026-01-01T00:00:60Z",
                           "2026-01-01T00:00:00.Z",
                           "2026-01-01T00:00:00.1234567891Z",
                           "2026-01-01T00:00:00+24:00",
                           "2026-01-01T00:00:00+01:60",
                           "2026-01-01T00:00:00+0100",
                           "2026-01-01T00:00:00Z ",
                           " 2026-01-01T00:00:00Z",
                           "0000-01-01T00:00:00Z",
                           "0001-01-01T00:00:00+00:01",
                           "9999-12-31T23:59:59-00:01",
                           "2026\r01-01T00:00:00Z",
                           "2026-01-01T00\x1a"
                           "00:00Z",
                           "-026-01-01T00:00:00Z",
                           "2026-1-01T00:00:00Z"}) {
    EXPECT_EQ(reprinted(text), "none") << text;
  }
}

TEST(Time, every_second_reads_back_as_itself) {
  testing::FakeRandom random(3);
  for (int i = 0; i < 20'000; ++i) {
    const auto seconds =
        static_cast<std::int64_t>(random.next() % 315'537'897'600) - 62'135'596'800;
    const Instant t{seconds, static_cast<std::int32_t>(random.next() % 1'000'000'000)};
    ASSERT_EQ(parse_rfc3339(format_rfc3339(t)), t) << format_rfc3339(t);
    ASSERT_EQ(from_civil(to_civil(seconds)), seconds);
  }
}

TEST(Time, days_follow_each_other) {
  std::int64_t seconds = from_civil({1895, 1, 1, 0, 0, 0});
  for (std::int64_t year = 1895; year < 2105; ++year) {
    for (int month = 1; month <= 12; ++month) {
      for (int day = 1; day <= days_in_month(year, month); ++day, seconds += 86400) {
        ASSERT_EQ(from_civil({year, month, day, 0, 0, 0}), seconds);
      }
    }
  }
}

TEST(Time, arithmetic_keeps_nanos_in_range) {
  const Instant t{-1, 999'999'999};
  EXPECT_EQ(t + Duration{1}, (Instant{0, 0}));
  EXPECT_EQ((Instant{0, 0}) - Duration{1}, t);
  EXPECT_EQ(((Instant{0, 0}) - t).nanos, 1);
  EXPECT_EQ(Instant::from_micros(-1), (Instant{-1, 999'999'000}));
  EXPECT_EQ(Instant::from_micros(1'500'000).micros(), 1'500'000);
  EXPECT_EQ((Instant{-1, 999'999'000}).micros(), -1);
}

TEST(Time, differences_saturate) {
  const Instant first = *parse_rfc3339("0001-01-01T00:00:00Z"),
                last = *parse_rfc3339("9999-12-31T23:59:59Z");
  EXPECT_EQ((last - first).nanos, std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ((first - last).nanos, -std::numeric_limits<std::int64_t>::max());
}

TEST(Duration, reads_numbers_with_units) {
  const std::pair<const char*, std::int64_t> cases[] = {
      {"0s", 0},      {"30s", 30},     {"5m", 300},         {"2h", 7200},
      {"7d", 604800}, {"1h30m", 5400}, {"1d2h3m4s", 93784}, {"90m", 5400}};
  for (const auto& [text, seconds] : cases) {
    ASSERT_TRUE(parse_duration(text)) << text;
    EXPECT_EQ(*parse_duration(text), Duration::seconds(seconds)) << text;
  }
  EXPECT_EQ(parse_duration("250ms"), Duration::milliseconds(250));
  EXPECT_EQ(parse_duration("1s1ms1us1ns"), Duration{1'001'001'001});
}

TEST(Duration, refuses_what_is_ambiguous) {
  for (const char* text :
       {"", "5", "m", "5 m", "-5m", "+5m", "1.5h", "5M", "5min", "1m1h", "1s1s", "5m ", "1d1",
        "106752d", "9223372036854775808ns", "99999999999999999999s"}) {
    EXPECT_EQ(parse_duration(text), std::nullopt) << text;
  }
}

TEST(Duration, every_duration_reads_back_as_itself) {
  EXPECT_EQ(format_duration(Duration::seconds(3600)), "1h");
  EXPECT_EQ(format_duration(Duration{0}), "0s");
  EXPECT_EQ(format_duration(Duration{std::numeric_limits<std::int64_t>::min()}).substr(0, 8),
            "-106751d");
  testing::FakeRandom random(5);
  for (int i = 0; i < 20'000; ++i) {
    const Duration d{static_cast<std::int64_t>(random.next() >> (1 + random.next() % 62))};
    ASSERT_EQ(parse_duration(format_duration(d)), d) << format_duration(d);
  }
}

}  // namespace
}  // namespace autopilot
