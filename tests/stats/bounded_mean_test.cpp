#include "core/stats/bounded_mean.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/stats/draws.h"

namespace autopilot::stats {
namespace {

TEST(BoundedMean, the_interval_holds_the_mean_at_all_times) {
  constexpr int kRuns = 500;
  int missed = 0;
  for (int run = 0; run < kRuns; ++run) {
    Draws draws(static_cast<std::uint64_t>(run));
    BoundedMean mean(0.05);
    bool out = false;
    for (int t = 0; t < 300 && !out; ++t) {
      mean.add(draws.uniform() < 0.9 ? 1 : draws.uniform());  // 0.95 on average
      const BoundedMean::Interval at = mean.interval(0.05);
      out = at.low > 0.95 || at.high < 0.95;
    }
    missed += out;
  }
  EXPECT_LE(missed, most_by_chance(kRuns, 0.05));
}

TEST(MeanAgainst, a_precision_below_its_target_is_found) {
  int found = 0;
  for (int run = 0; run < 200; ++run) {
    Draws draws(static_cast<std::uint64_t>(run));
    MeanAgainst mean(0.94);
    for (int t = 0; t < 2000; ++t) mean.add(draws.uniform() < 0.90 ? 1 : 0);
    found += mean.log_evidence_below() >= std::log(100);
    EXPECT_LT(mean.log_evidence_above(), 0) << run;
  }
  EXPECT_GE(found, 195);
}

TEST(MeanAgainst, a_precision_at_its_target_raises_few_alarms_however_often_one_looks) {
  constexpr int kRuns = 1000;
  int found = 0;
  for (int run = 0; run < kRuns; ++run) {
    Draws draws(static_cast<std::uint64_t>(run));
    MeanAgainst mean(0.94);
    bool alarm = false;
    for (int t = 0; t < 1000 && !alarm; ++t) {
      mean.add(draws.uniform() < 0.94 ? 1 : 0);
      alarm = mean.log_evidence_below() >= std::log(100);
    }
    found += alarm;
  }
  EXPECT_LE(found, most_by_chance(kRuns, 0.01));
}

TEST(BoundedMean, the_interval_narrows_with_time) {
  Draws draws(3);
  BoundedMean mean(0.05);
  for (int t = 0; t < 100; ++t) mean.add(draws.uniform());
  const BoundedMean::Interval early = mean.interval(0.05);
  for (int t = 0; t < 3000; ++t) mean.add(draws.uniform());
  const BoundedMean::Interval late = mean.interval(0.05);
  EXPECT_LT(late.high - late.low, 0.4 * (early.high - early.low));
  EXPECT_LT(late.high - late.low, 0.1);
  EXPECT_NEAR(mean.mean(), 0.5, 0.03);
}

TEST(BoundedMean, nothing_seen_rules_nothing_out) {
  const BoundedMean::Interval at = BoundedMean(0.05).interval(0.05);
  EXPECT_EQ(at.low, 0);
  EXPECT_EQ(at.high, 1);
}

}  // namespace
}  // namespace autopilot::stats
