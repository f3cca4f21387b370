// What the published cases (autopilot_cases judge) do not hold: the known weak points of Kayenta's
// judge stay as they are in the form for parity, and the exact form mends those that it can.
#include "core/deploy/kayenta.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/stats/draws.h"

namespace autopilot::deploy::kayenta {
namespace {

MetricConfig errors(bool exact = false) {
  MetricConfig config;
  config.name = "errors";
  config.direction = Direction::increase;
  config.exact = exact;
  return config;
}

std::vector<double> normal(stats::Draws& draws, std::size_t n, double mean, double deviation) {
  std::vector<double> out;
  for (std::size_t i = 0; i < n; ++i) out.push_back(mean + deviation * draws.normal());
  return out;
}

TEST(KayentaJudge, sparse_errors_pass_in_the_form_for_parity) {
  EXPECT_EQ(classify(errors(), {0, 1, 2, 1, 0, 0}, {0, 0, 0, 0, 0, 0}).label, Label::pass);
  EXPECT_EQ(
      classify(errors(), {100, 100, 100, 100, 100, 100, 100, 1, 1, 1}, std::vector<double>(10, 1.0))
          .label,
      Label::pass);
}

TEST(KayentaJudge, two_values_an_arm_are_judged_for_parity_and_not_exactly) {
  EXPECT_EQ(classify(errors(), {10, 11}, {1, 2}).label, Label::high);
  EXPECT_EQ(classify(errors(true), {10, 11}, {1, 2}).label, Label::pass);
}

TEST(KayentaJudge, units_change_nothing_exactly) {
  stats::Draws draws(1);
  for (int i = 0; i < 200; ++i) {
    std::vector<double> canary = normal(draws, 20, 1.4, 0.3), stable = normal(draws, 20, 1, 0.3);
    const Label big = classify(errors(true), canary, stable).label;
    for (double& v : canary) v = std::ldexp(v, -20);
    for (double& v : stable) v = std::ldexp(v, -20);
    EXPECT_EQ(classify(errors(true), canary, stable).label, big);
  }
}

TEST(KayentaJudge, no_difference_is_seldom_called_one_exactly) {
  stats::Draws draws(2);
  constexpr int kRuns = 2000;
  int high = 0;
  for (int i = 0; i < kRuns; ++i) {
    high += classify(errors(true), normal(draws, 4, 10, 2), normal(draws, 4, 10, 2)).label ==
            Label::high;
  }
  EXPECT_LE(high, stats::most_by_chance(kRuns, 0.01));
}

TEST(KayentaJudge, constants_are_compared_by_their_size) {
  EXPECT_EQ(classify(errors(), std::vector<double>(10, 3.0), std::vector<double>(10, 1.0)).label,
            Label::high);
  EXPECT_EQ(classify(errors(), std::vector<double>(10, 1.0), std::vector<double>(10, 1.0)).label,
            Label::pass);
}

TEST(KayentaJudge, nan_is_left_out_or_replaced) {
  MetricConfig config = errors();
  config.must_have_data = true;
  const std::vector<double> nothing{std::nan(""), std::nan("")};
  EXPECT_EQ(classify(config, nothing, {1, 2}).label, Label::nodata_fail_metric);
  config.replace_nan = true;
  EXPECT_NE(classify(config, nothing, {1, 2}).label, Label::nodata_fail_metric);
}

TEST(KayentaJudge, no_metric_scores_nothing) { EXPECT_EQ(score({}, {}).score, 0); }

TEST(KayentaJudge, groups_without_a_weight_share_the_rest) {
  const std::vector<Scored> metrics{{Label::pass, false, {"a"}, ""},
                                    {Label::high, false, {"b"}, ""},
                                    {Label::pass, false, {"c"}, ""}};
  EXPECT_DOUBLE_EQ(score(metrics, {{"a", 50}}).score, 75);
}

}  // namespace
}  // namespace autopilot::deploy::kayenta
