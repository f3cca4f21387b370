#include "core/stats/sample.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/stats/normal.h"

namespace autopilot::stats {
namespace {

TEST(Sample, moments_stay_exact_far_from_zero) {
  const std::vector<double> values{1e9 + 1, 1e9 + 2, 1e9 + 3};
  EXPECT_EQ(mean(values), 1e9 + 2);
  EXPECT_EQ(variance(values), 1);
  EXPECT_DOUBLE_EQ(population_variance(values), 2.0 / 3);
}

TEST(Sample, no_values_have_no_moments) {
  EXPECT_TRUE(std::isnan(mean({})));
  EXPECT_TRUE(std::isnan(variance({})));
  EXPECT_TRUE(std::isnan(percentile({}, 50)));
  EXPECT_EQ(variance(std::vector<double>{7}), 0);
}

// R: quantile(c(15, 20, 35, 40, 50), c(0, .05, .3, .4, .5, 1)).
TEST(Sample, percentiles_are_those_of_r) {
  const std::vector<double> values{50, 15, 40, 20, 35};
  EXPECT_DOUBLE_EQ(percentile(values, 0), 15);
  EXPECT_DOUBLE_EQ(percentile(values, 5), 16);
  EXPECT_DOUBLE_EQ(percentile(values, 30), 23);
  EXPECT_DOUBLE_EQ(percentile(values, 40), 29);
  EXPECT_DOUBLE_EQ(percentile(values, 50), 35);
  EXPECT_DOUBLE_EQ(percentile(values, 100), 50);
}

TEST(Sample, equal_values_share_their_mean_rank_and_nan_comes_last) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(ranks(std::vector<double>{3, 1, nan, 3, 2}), (std::vector<double>{3.5, 1, 5, 3.5, 2}));
}

TEST(Sample, ties_are_counted_by_group) {
  EXPECT_EQ(tie_correction(std::vector<double>{1, 2.5, 2.5, 5, 5, 5}), 6 + 24);
  EXPECT_EQ(tie_correction(std::vector<double>{1, 2, 3}), 0);
}

TEST(Sample, fences_leave_out_what_lies_far_off) {
  const std::vector<double> values{1, 1, 1, 5, -1, -1, -1, -5};
  const std::vector<bool> expected{false, false, false, true, false, false, false, true};
  EXPECT_EQ(outside_fences(values, 1.5, false), expected);
}

TEST(Normal, quantiles_are_the_published_ones) {
  EXPECT_NEAR(normal_quantile(0.975), 1.959963984540054, 1e-15);
  EXPECT_NEAR(normal_quantile(0.01), -2.3263478740408408, 1e-15);
  EXPECT_NEAR(normal_quantile(1e-10), -6.361340902404056, 1e-14);
  EXPECT_NEAR(normal_quantile(1e-100), -21.273453560965756, 1e-12);
  EXPECT_EQ(normal_quantile(0.5), 0);
}

TEST(Normal, the_quantile_undoes_the_distribution) {
  for (double x = -8; x <= 4; x += 0.01) EXPECT_NEAR(normal_quantile(normal_cdf(x)), x, 1e-11);
}

TEST(Normal, what_is_no_probability_has_no_quantile) {
  EXPECT_TRUE(std::isnan(normal_quantile(1.1)));
  EXPECT_TRUE(std::isnan(normal_quantile(std::nan(""))));
  EXPECT_EQ(normal_quantile(1), std::numeric_limits<double>::infinity());
}

}  // namespace
}  // namespace autopilot::stats
