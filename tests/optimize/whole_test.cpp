// Whole multiples of a unit where no greedy choice is exact, and of very many channels.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/optimize/problems.h"

namespace autopilot::optimize {
namespace {

using namespace testing;  // NOLINT

Solution in_cents(const Problem& p) {
  SolveOptions options;
  options.lp = solve_with_glpk;
  return in_whole_units(p, solved(p), 0.01, options);
}

void expect_cents(const Solution& s) {
  EXPECT_TRUE(s.is_whole);
  for (const double x : s.allocation.spend) EXPECT_EQ(x, std::round(x * 100) / 100);
}

Problem crossed(Dice& dice) {
  std::vector<Channel> channels;
  for (int i = 0; i < 5; ++i)
    channels.push_back(channel(logarithm(dice.real(2, 9), dice.real(0.5, 4)), 0, 9, 2));
  Problem p = problem(std::move(channels), 10);
  p.groups = {group({0, 1, 2}, 0, dice.real(3, 6)), group({2, 3, 4}, 0, dice.real(3, 6))};
  return p;
}

TEST(whole_amounts, are_found_under_crossed_groups) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    Dice dice(seed);
    Problem p = crossed(dice);
    p.total_min = 0;
    const Solution s = in_cents(p);
    expect_cents(s);
    EXPECT_LE(s.certificate.gap, 5e-3) << seed;
    EXPECT_LE(s.certificate.violation, 1e-9) << seed;
  }
}

TEST(whole_amounts, are_found_above_a_floor_on_the_return) {
  Problem p = problem({channel(logarithm(100, 10)), channel(mm(300, 50))}, 500);
  p.total_min = 0;
  p.roi_min = 2;
  expect_cents(in_cents(p));
  p.roi_min = -kInfinity;
  p.goal = Goal::least_spend;
  p.return_min = 200;
  const Solution s = in_cents(p);
  expect_cents(s);
  EXPECT_GE(return_of(p, s.allocation.spend), 200 - 1e-6);
  EXPECT_LE(return_of(p, s.allocation.spend), 200.05);
}

TEST(whole_amounts, are_said_to_be_missing_where_none_fit) {
  Dice dice(1);
  Problem p = crossed(dice);
  p.total_min = p.total_max = 6.005;
  const Solution s = in_cents(p);
  EXPECT_EQ(s.allocation.status, Status::optimal);
  EXPECT_FALSE(s.is_whole);
}

TEST(whole_amounts, of_very_many_channels_sum_to_the_total) {
  Dice dice(3);
  std::vector<Channel> channels;
  for (int i = 0; i < 30000; ++i)
    channels.push_back(channel(logarithm(dice.real(2, 9), dice.real(0.5, 4)), 0, 9, 2));
  const Solution s = in_cents(problem(std::move(channels), 60000));
  expect_cents(s);
  std::int64_t cents = 0;
  for (const double x : s.allocation.spend) cents += std::llround(x * 100);
  EXPECT_EQ(cents, 6'000'000);
  EXPECT_LE(s.certificate.gap, 1e-6);
}

}  // namespace
}  // namespace autopilot::optimize
