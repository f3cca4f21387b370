#include "core/base/cron.h"

#include <gtest/gtest.h>

namespace autopilot {
namespace {

Cron cron(std::string_view text) {
  const CronResult result = parse_cron(text);
  EXPECT_TRUE(result.cron.has_value()) << text << ": " << result.fault;
  return result.cron.value_or(Cron{});
}

TEST(cron, each_field_has_values_ranges_lists_steps_and_names) {
  struct Case {
    const char* text;
    int minute, hour, day, month, weekday;
    bool expected;
  };
  const Case cases[] = {
      {"* * * * *", 0, 0, 1, 1, 0, true},
      {"5 4 * * *", 5, 4, 17, 6, 3, true},
      {"5 4 * * *", 6, 4, 17, 6, 3, false},
      {"*/15 * * * *", 45, 0, 1, 1, 0, true},
      {"*/15 * * * *", 46, 0, 1, 1, 0, false},
      {"10-20/5 * * * *", 15, 0, 1, 1, 0, true},
      {"10-20/5 * * * *", 16, 0, 1, 1, 0, false},
      {"0,30 * * * *", 30, 0, 1, 1, 0, true},
      {"* 9-17 * * 1-5", 59, 17, 20, 11, 5, true},
      {"* 9-17 * * 1-5", 0, 18, 20, 11, 5, false},
      {"* 9-17 * * mon-FRI", 0, 9, 20, 11, 5, true},
      {"* 9-17 * * 1-5", 0, 9, 22, 11, 0, false},
      {"0 0 * * 7", 0, 0, 22, 11, 0, true},
      {"0 0 * * 5-7", 0, 0, 22, 11, 0, true},
      {"0 0 * * sun", 0, 0, 22, 11, 0, true},
      {"0 0 1 jan,Jul *", 0, 0, 1, 7, 2, true},
      {"0 0 1 jan,Jul *", 0, 0, 1, 8, 2, false},
      {"  0\t0  1 1 * ", 0, 0, 1, 1, 2, true},
      {"@hourly", 0, 13, 9, 9, 4, true},
      {"@hourly", 1, 13, 9, 9, 4, false},
      {"@daily", 0, 0, 9, 9, 4, true},
      {"@midnight", 0, 1, 9, 9, 4, false},
      {"@weekly", 0, 0, 9, 9, 0, true},
      {"@monthly", 0, 0, 1, 9, 4, true},
      {"@yearly", 0, 0, 1, 1, 4, true},
      {"@annually", 0, 0, 1, 2, 4, false},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(matches(cron(c.text), c.minute, c.hour, c.day, c.month, c.weekday), c.expected)
        << c.text;
  }
}

TEST(cron, days_are_joined_by_or_only_when_neither_field_starts_with_a_star) {
  const Cron both = cron("0 0 13 * 5");
  EXPECT_TRUE(matches(both, 0, 0, 13, 1, 2));
  EXPECT_TRUE(matches(both, 0, 0, 14, 1, 5));
  EXPECT_FALSE(matches(both, 0, 0, 14, 1, 4));
  const Cron star_weekday = cron("0 0 13 * *");
  EXPECT_FALSE(matches(star_weekday, 0, 0, 14, 1, 5));
  // Vixie looks at the first character alone, so */2 counts as a star.
  const Cron stepped = cron("0 0 */2 * 5");
  EXPECT_TRUE(matches(stepped, 0, 0, 13, 1, 5));
  EXPECT_FALSE(matches(stepped, 0, 0, 13, 1, 4));
  EXPECT_FALSE(matches(stepped, 0, 0, 14, 1, 5));
}

TEST(cron, faults_say_what_is_wrong_and_where) {
  struct Case {
    const char* text;
    const char* fault;
    const char* part;
  };
  const Case cases[] = {
      {"", "0 fields instead of 5", ""},
      {"* * * *", "4 fields instead of 5", "* * * *"},
      {"* * * * * *", "6 fields instead of 5", "* * * * * *"},
      {"60 * * * *", "minute 60 is not between 0 and 59", "60"},
      {"* 24 * * *", "hour 24 is not between 0 and 23", "24"},
      {"* * 0 * *", "day 0 is not between 1 and 31", "0"},
      {"* * * 13 *", "month 13 is not between 1 and 12", "13"},
      {"* * * * 8", "weekday 8 is not between 0 and 7", "8"},
      {"* * * * fryday", "\"fryday\" is no weekday", "fryday"},
      {"x * * * *", "\"x\" is no minute", "x"},
      {"-1 * * * *", "\"\" is no minute", "-1"},
      {"5-1 * * * *", "the range 5-1 of the minute field runs backwards", "5-1"},
      {"*/0 * * * *", "the step of \"*/0\" is no number above 0", "*/0"},
      {"*/x * * * *", "the step of \"*/x\" is no number above 0", "*/x"},
      {"5/10 * * * *", "a step needs a range: write 5-59/10", "5/10"},
      {"1,,2 * * * *", "\"\" is no minute", "1,,2"},
      {"99999999999999 * * * *", "\"99999999999999\" is no minute", "99999999999999"},
      {"@reboot", "@reboot is not known", "@reboot"},
  };
  for (const Case& c : cases) {
    const CronResult result = parse_cron(c.text);
    EXPECT_FALSE(result.cron.has_value()) << c.text;
    EXPECT_EQ(result.fault, c.fault) << c.text;
    EXPECT_EQ(std::string_view(c.text).substr(result.begin, result.end - result.begin), c.part)
        << c.text;
  }
}

// Every list of values is the same as asking for its members one by one.
TEST(cron, a_step_is_the_list_of_its_members) {
  for (int step = 1; step <= 70; ++step) {
    const Cron stepped = cron("*/" + std::to_string(step) + " * * * *");
    for (int minute = 0; minute < 60; ++minute) {
      EXPECT_EQ(matches(stepped, minute, 0, 1, 1, 1), minute % step == 0) << step << " " << minute;
    }
  }
}

}  // namespace
}  // namespace autopilot
