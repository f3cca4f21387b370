#include "core/stats/counts.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/stats/draws.h"

namespace autopilot::stats {
namespace {

constexpr double kAlpha = 0.01;
const double kThreshold = -std::log(kAlpha);

struct Arms {
  Count canary, stable;
};

// One tick of 5 % and 95 % of `requests`, each failing with its rate.
Arms tick(Draws& draws, double requests, double canary_rate, double stable_rate) {
  const std::int64_t c = draws.poisson(requests * 0.05), s = draws.poisson(requests * 0.95);
  return {{draws.binomial(c, canary_rate), c}, {draws.binomial(s, stable_rate), s}};
}

// How many of `runs` looks-after-every-tick ever reach the threshold.
template <class Make>
int alarms(int runs, int ticks, std::uint64_t seed, Make make) {
  int found = 0;
  for (int run = 0; run < runs; ++run) {
    Draws draws(seed + static_cast<std::uint64_t>(run));
    found += make(draws, ticks);
  }
  return found;
}

TEST(RateRatio, equal_rates_raise_few_alarms_however_often_one_looks) {
  const int found = alarms(1000, 180, 1, [](Draws& draws, int ticks) {
    RateRatio ratio;
    for (int t = 0; t < ticks; ++t) {
      // A common rate that wanders, and an incident that hits both.
      const double rate = t > 60 && t < 90 ? 0.2 : 0.004 * (2 + std::sin(t / 9.0));
      const Arms arms = tick(draws, 400, rate, rate);
      ratio.add(arms.canary, arms.stable);
      if (ratio.log_evidence_above(1) >= kThreshold) return true;
    }
    return false;
  });
  EXPECT_LE(found, most_by_chance(1000, kAlpha));
}

TEST(RateRatio, a_rate_at_the_edge_of_the_tolerance_raises_few_alarms) {
  const int found = alarms(1000, 180, 2, [](Draws& draws, int ticks) {
    RateRatio ratio;
    for (int t = 0; t < ticks; ++t) {
      const Arms arms = tick(draws, 400, 0.0125, 0.01);
      ratio.add(arms.canary, arms.stable);
      if (ratio.log_evidence_above(1.25) >= kThreshold) return true;
    }
    return false;
  });
  EXPECT_LE(found, most_by_chance(1000, kAlpha));
}

TEST(RateRatio, five_times_the_rate_is_found_soon) {
  const int found = alarms(200, 120, 3, [](Draws& draws, int ticks) {
    RateRatio ratio;
    for (int t = 0; t < ticks; ++t) {
      const Arms arms = tick(draws, 1000, 0.025, 0.005);
      ratio.add(arms.canary, arms.stable);
      if (ratio.log_evidence_above(1.25) >= kThreshold) return true;
    }
    return false;
  });
  EXPECT_EQ(found, 200);
}

TEST(RateRatio, the_interval_holds_the_true_ratio_all_along) {
  const int missed = alarms(500, 120, 4, [](Draws& draws, int ticks) {
    RateRatio ratio;
    for (int t = 0; t < ticks; ++t) {
      const Arms arms = tick(draws, 600, 0.02, 0.01);
      ratio.add(arms.canary, arms.stable);
      if (t % 10 != 9) continue;
      const RateRatio::Interval at = ratio.interval(0.05);
      if (at.low > 2 || at.high < 2) return true;
    }
    return false;
  });
  EXPECT_LE(missed, most_by_chance(500, 0.1));
}

TEST(RateRatio, ticks_without_one_of_the_arms_say_nothing) {
  RateRatio ratio;
  ratio.add({5, 100}, {0, 0});
  ratio.add({0, 0}, {5, 100});
  ratio.add({0, 100}, {0, 100});
  EXPECT_EQ(ratio.log_evidence_above(1), 0);
  EXPECT_EQ(ratio.interval(0.05).low, 0);
  EXPECT_EQ(ratio.interval(0.05).high, INFINITY);
}

TEST(RateRatio, what_was_stored_goes_on_where_it_was) {
  RateRatio first, second;
  first.add({3, 50}, {9, 900});
  second.load(first.log_likelihoods());
  first.add({2, 40}, {7, 800});
  second.add({2, 40}, {7, 800});
  EXPECT_EQ(first.log_evidence_above(1.25), second.log_evidence_above(1.25));
}

TEST(RateAbove, a_rate_at_the_limit_raises_few_alarms_over_a_long_time) {
  const int found = alarms(1000, 1000, 5, [](Draws& draws, int ticks) {
    RateAbove above(0.01);
    for (int t = 0; t < ticks; ++t) {
      above.add({draws.binomial(200, 0.01), 200});
      if (above.log_evidence() >= kThreshold) return true;
    }
    return false;
  });
  EXPECT_LE(found, most_by_chance(1000, kAlpha));
}

TEST(RateAbove, a_late_rise_is_found_though_all_was_well_before) {
  const int found = alarms(200, 60, 6, [](Draws& draws, int ticks) {
    RateAbove above(0.01);
    for (int t = 0; t < 2000; ++t) above.add({draws.binomial(200, 0.002), 200});
    for (int t = 0; t < ticks; ++t) {
      above.add({draws.binomial(200, 0.05), 200});
      if (above.log_evidence() >= kThreshold) return true;
    }
    return false;
  });
  EXPECT_EQ(found, 200);
}

TEST(OverLimit, it_starts_with_a_breach_and_ends_after_it) {
  OverLimit over(0.01, 0.05);
  for (int t = 0; t < 50; ++t) over.add({1, 200});
  EXPECT_FALSE(over.is_over());
  for (int t = 0; t < 5; ++t) over.add({20, 200});
  EXPECT_TRUE(over.is_over());
  for (int t = 0; t < 60; ++t) over.add({1, 200});
  EXPECT_FALSE(over.is_over());
}

TEST(Dispersion, arms_that_only_count_have_little) {
  Draws draws(7);
  std::vector<Count> a, b;
  for (int t = 0; t < 2000; ++t) {
    const Arms arms = tick(draws, 2000, 0.02, 0.02);
    a.push_back(arms.canary);
    b.push_back(arms.stable);
  }
  // Information of a tick: 40 events at 5 % and 95 %.
  EXPECT_LT(estimate_dispersion(a, b)->at(40 * 0.05 * 0.95), 1.25);
}

// Noise of variance 0.25 that lasts six ticks has a long-run variance of 6 * 0.25 a tick.
TEST(Dispersion, noise_that_lasts_counts_for_as_long) {
  Draws draws(8);
  std::vector<Count> a, b;
  double noise = 0;
  for (int t = 0; t < 6000; ++t) {
    if (t % 6 == 0) noise = 0.5 * draws.normal();
    const Arms arms = tick(draws, 20000, 0.02 * std::exp(noise), 0.02);
    a.push_back(arms.canary);
    b.push_back(arms.stable);
  }
  EXPECT_NEAR(estimate_dispersion(a, b)->spread, 1.5, 0.5);
}

TEST(Dispersion, too_little_history_tells_nothing) {
  EXPECT_FALSE(estimate_dispersion({{1, 10}}, {{1, 10}}));
  EXPECT_FALSE(estimate_dispersion({}, {}));
}

}  // namespace
}  // namespace autopilot::stats
