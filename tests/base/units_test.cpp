#include "core/base/units.h"

#include <gtest/gtest.h>

namespace autopilot {
namespace {

TEST(units, shares_are_percentages_or_numbers_up_to_one) {
  const std::pair<const char*, double> good[] = {
      {"5%", 0.05}, {"100%", 1.0}, {"0%", 0.0},  {"12.5%", 0.125}, {"1.1%", 0.011}, {"0.05", 0.05},
      {"1", 1.0},   {"0", 0.0},    {"1.0", 1.0}, {".5", 0.5},      {"0.1%", 0.001}, {"57%", 0.57}};
  for (const auto& [text, share] : good) EXPECT_EQ(parse_share(text), share) << text;
  for (const char* text : {"", "%", "5 %", "-5%", "101%", "1.5", "50", "x", "5%%", "1e-2", "nan",
                           "inf", "0x1", "1.2.3"}) {
    EXPECT_EQ(parse_share(text), std::nullopt) << text;
  }
}

TEST(units, shares_print_as_percentages_that_read_back) {
  for (const double share : {0.0, 0.05, 0.125, 0.57, 1.0, 0.011, 0.001, 0.333}) {
    EXPECT_EQ(parse_share(format_share(share)), share) << format_share(share);
  }
  EXPECT_EQ(format_share(0.125), "12.5%");
}

TEST(units, rates_have_a_unit_and_are_above_nothing) {
  EXPECT_EQ(parse_rate("20/s"), 20);
  EXPECT_EQ(parse_rate("500/m"), 500.0 / 60);
  EXPECT_EQ(parse_rate("0.5/h"), 0.5 / 3600);
  for (const char* text : {"", "/", "/s", "20", "20/", "20/d", "20 /s", "20/s/s", "0/s", "-1/s",
                           "nan/s", "inf/s", "1e3/s", "x/s", "20/S"}) {
    EXPECT_EQ(parse_rate(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace autopilot
