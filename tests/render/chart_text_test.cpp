#include "core/render/chart_text.h"

#include <gtest/gtest.h>

namespace autopilot::render {
namespace {

const Chart kChart{
    "x", "0", "4", {{"up", Tone::good, {0, 1, 2, 4}}, {"none", Tone::bad, {0, 0, 0, 0}}}};

std::string shown(const Chart& chart, const TextStyle& style) {
  return report_text({"", {}, {chart}}, style);
}

TEST(ChartText, bars_are_on_one_scale_and_say_their_range) {
  EXPECT_EQ(shown(kChart, {.width = 24}),
            "up      ▂▂▄▄██  0 to 4\nnone            0\nx     0      4\n");
}

TEST(ChartText, without_unicode_heights_are_digits) {
  EXPECT_EQ(shown(kChart, {.width = 24, .unicode = false}).substr(0, 14), "up    00225599");
}

TEST(ChartText, many_places_share_a_bar) {
  Chart chart{"x", "first", "last", {{"a", Tone::plain, std::vector<double>(1000, 7)}}};
  const std::string text = shown(chart, {.width = 40, .unicode = false});
  EXPECT_LE(text.find('\n'), 40u);
  EXPECT_NE(text.find("9999"), std::string::npos);
}

TEST(ChartText, nothing_makes_no_lines) { EXPECT_EQ(shown(Chart{}, {}), ""); }

}  // namespace
}  // namespace autopilot::render
