#include "core/deploy/histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "core/deploy/statistic.h"

namespace autopilot::deploy {
namespace {

TEST(Histogram, a_quantile_is_never_below_the_true_one_and_at_most_one_in_256_above) {
  std::mt19937 random(1);
  for (const double spread : {0.1, 1.0, 3.0}) {
    std::lognormal_distribution<> latency(std::log(2e6), spread);
    Histogram histogram;
    std::vector<std::int64_t> all;
    for (int i = 0; i < 20'000; ++i) {
      all.push_back(static_cast<std::int64_t>(latency(random)));
      histogram.record(Duration{all.back()});
    }
    std::sort(all.begin(), all.end());
    for (const double q : {0.0, 0.01, 0.5, 0.9, 0.95, 0.99, 0.999, 1.0}) {
      const auto rank = static_cast<std::size_t>(std::max(1.0, std::ceil(q * 20'000))) - 1;
      const double truth = static_cast<double>(all[rank]);
      const double found = static_cast<double>(histogram.quantile(q).nanos);
      EXPECT_GE(found, truth);
      EXPECT_LE(found, truth * (1 + Histogram::kRelativeError) + 1);
    }
    EXPECT_EQ(histogram.most().nanos, all.back());
    EXPECT_EQ(histogram.least().nanos, all.front());
  }
}

TEST(Histogram, nothing_recorded_is_all_zero) {
  const Histogram empty;
  EXPECT_EQ(empty.count(), 0);
  EXPECT_EQ(empty.quantile(0.99).nanos, 0);
  EXPECT_EQ(empty.mean().nanos, 0);
  EXPECT_EQ(empty.least().nanos, 0);
}

TEST(Histogram, what_is_out_of_range_counts_at_its_ends) {
  Histogram histogram;
  histogram.record(Duration{-5});
  histogram.record(Duration{std::numeric_limits<std::int64_t>::max()});
  EXPECT_EQ(histogram.quantile(0).nanos, 0);
  EXPECT_GT(histogram.most(), Duration::seconds(7200));
}

TEST(Histogram, the_sum_of_two_is_the_histogram_of_both) {
  Histogram a, b, both;
  for (int i = 1; i <= 100; ++i) {
    (i % 3 == 0 ? a : b).record(Duration::milliseconds(i));
    both.record(Duration::milliseconds(i));
  }
  a.add(b);
  EXPECT_EQ(a.count(), 100);
  EXPECT_EQ(a.quantile(0.5), both.quantile(0.5));
  EXPECT_EQ(a.least(), both.least());
  EXPECT_EQ(a.mean(), both.mean());
}

TEST(Histogram, counts_what_is_over_a_limit) {
  Histogram histogram;
  for (int i = 1; i <= 10; ++i) histogram.record(Duration::milliseconds(i * 10));
  EXPECT_EQ(histogram.count_above(Duration::milliseconds(75)), 3);
  EXPECT_EQ(histogram.count_above(Duration::milliseconds(500)), 0);
  EXPECT_EQ(histogram.count_above(Duration{-1}), 10);
}

TEST(Statistic, names_are_quantiles_mean_and_ends) {
  EXPECT_DOUBLE_EQ(parse_statistic("p99.9")->quantile, 0.999);
  EXPECT_EQ(parse_statistic("mean")->kind, Statistic::Kind::mean);
  for (const char* wrong : {"", "p", "p101", "p-1", "95", "median", "pNaN", "p5x"})
    EXPECT_FALSE(parse_statistic(wrong)) << wrong;
}

TEST(Statistic, statuses_are_classes_codes_and_ranges) {
  const auto set = StatusSet::parse("5xx, 404,200-204");
  ASSERT_TRUE(set);
  for (const int in : {500, 599, 404, 200, 204}) EXPECT_TRUE(set->contains(in)) << in;
  for (const int out : {0, -1, 199, 205, 403, 600, 5000}) EXPECT_FALSE(set->contains(out)) << out;
  for (const char* wrong : {"", "5x", "abc", "0xx", "99", "500-404", "200,,300", "2000"})
    EXPECT_FALSE(StatusSet::parse(wrong)) << wrong;
}

}  // namespace
}  // namespace autopilot::deploy
