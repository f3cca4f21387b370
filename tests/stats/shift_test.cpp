#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/base/error.h"
#include "core/stats/mann_whitney.h"
#include "core/stats/sample.h"
#include "tests/stats/draws.h"

namespace autopilot::stats {
namespace {

std::vector<double> normal_sample(Draws& draws, std::size_t n, double shift = 0) {
  std::vector<double> out;
  for (std::size_t i = 0; i < n; ++i) out.push_back(draws.normal() + shift);
  return out;
}

std::vector<double> all_differences(const std::vector<double>& x, const std::vector<double>& y) {
  std::vector<double> out;
  for (const double a : x) {
    for (const double b : y) out.push_back(a - b);
  }
  std::sort(out.begin(), out.end());
  return out;
}

// How many of the ways to divide m + n ranks give U < k: the null distribution, by enumeration.
double share_below(std::size_t m, std::size_t n, std::size_t k) {
  std::vector<int> chosen(m + n, 0);
  std::fill(chosen.begin(), chosen.begin() + static_cast<std::ptrdiff_t>(m), 1);
  std::size_t all = 0, below = 0;
  do {
    std::size_t u = 0, before = 0;
    for (const int c : chosen) {
      if (c == 1) u += before;
      before += static_cast<std::size_t>(c == 0);
    }
    ++all;
    below += static_cast<std::size_t>(u < k);
  } while (std::prev_permutation(chosen.begin(), chosen.end()));
  return static_cast<double>(below) / static_cast<double>(all);
}

TEST(Shift, the_exact_interval_is_the_widest_that_enumeration_allows) {
  Draws draws(1);
  for (std::size_t m = 2; m <= 7; ++m) {
    for (std::size_t n = 2; n <= 7; ++n) {
      const std::vector<double> x = normal_sample(draws, m, 1), y = normal_sample(draws, n);
      const std::vector<double> differences = all_differences(x, y);
      const ShiftInterval shift = exact_shift(x, y, 0.9);
      std::size_t k = 0;
      while (k < differences.size() && share_below(m, n, k + 1) <= 0.05) ++k;
      if (k == 0) {
        EXPECT_TRUE(std::isinf(shift.low) && std::isinf(shift.high));
        continue;
      }
      EXPECT_EQ(shift.low, differences[k - 1]) << m << " " << n;
      EXPECT_EQ(shift.high, differences[differences.size() - k]) << m << " " << n;
    }
  }
}

TEST(Shift, the_estimate_is_the_median_difference) {
  Draws draws(2);
  for (std::size_t n = 1; n <= 9; ++n) {
    const std::vector<double> x = normal_sample(draws, n), y = normal_sample(draws, n + 1);
    EXPECT_DOUBLE_EQ(exact_shift(x, y, 0.9).estimate, percentile(all_differences(x, y), 50));
  }
}

TEST(Shift, too_few_values_rule_nothing_out) {
  const ShiftInterval shift =
      exact_shift(std::vector<double>{9, 10}, std::vector<double>{1, 2}, 0.98);
  EXPECT_EQ(shift.low, -INFINITY);
  EXPECT_EQ(shift.high, INFINITY);
  EXPECT_EQ(shift.estimate, 8);
}

TEST(Shift, units_do_not_matter_to_the_exact_interval) {
  Draws draws(3);
  const std::vector<double> x = normal_sample(draws, 60, 0.5), y = normal_sample(draws, 60);
  const ShiftInterval big = exact_shift(x, y, 0.95);
  std::vector<double> small_x = x, small_y = y;
  for (double& v : small_x) v = std::ldexp(v, -40);
  for (double& v : small_y) v = std::ldexp(v, -40);
  const ShiftInterval small = exact_shift(small_x, small_y, 0.95);
  EXPECT_EQ(std::ldexp(small.low, 40), big.low);
  EXPECT_EQ(std::ldexp(small.high, 40), big.high);
}

TEST(Shift, the_exact_and_the_solved_interval_agree_on_many_values) {
  Draws draws(4);
  const std::vector<double> x = normal_sample(draws, 200, 0.3), y = normal_sample(draws, 150);
  const ShiftInterval exact = exact_shift(x, y, 0.95), solved = solved_shift(x, y, 0.95);
  EXPECT_NEAR(exact.low, solved.low, 0.01);
  EXPECT_NEAR(exact.high, solved.high, 0.01);
  EXPECT_NEAR(exact.estimate, solved.estimate, 0.005);
}

TEST(Shift, the_exact_interval_misses_the_truth_no_more_often_than_it_says) {
  Draws draws(5);
  constexpr int kRuns = 4000;
  int missed = 0;
  for (int i = 0; i < kRuns; ++i) {
    const ShiftInterval shift =
        exact_shift(normal_sample(draws, 6, 1), normal_sample(draws, 9), 0.9);
    missed += shift.low > 1 || shift.high < 1;
  }
  EXPECT_LE(missed, most_by_chance(kRuns, 0.1));
  EXPECT_GE(missed, kRuns / 20);  // nor is it much wider than need be
}

TEST(Shift, all_observations_alike_have_no_statistic) {
  EXPECT_THROW(rank_sum_difference(0, 0, std::vector<double>{1, 1}, std::vector<double>{1}), Error);
}

}  // namespace
}  // namespace autopilot::stats
