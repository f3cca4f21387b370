// S-curves and channels that are on or off under limits that leave nothing separable: against all
// plans of a grid, and proven where there are too many for that.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/optimize/problems.h"

namespace autopilot::optimize {
namespace {

using namespace testing;  // NOLINT

constexpr double kTotal = 9;

Problem s_curves(Dice& dice) {
  std::vector<Channel> channels;
  for (int i = 0; i < 3; ++i) {
    Channel c = channel(dice.heads() ? hill(dice.real(2, 20), dice.real(1, 6), dice.real(1.3, 4))
                                     : logarithm(dice.real(2, 9), dice.real(0.5, 4)),
                        0, dice.real(3, 9), dice.real(0, 3));
    if (dice.heads()) c.active_min = dice.real(0.5, 2.5);
    if (dice.heads()) c.fixed_cost = dice.real(0.1, 2);
    channels.push_back(std::move(c));
  }
  Problem p = problem(std::move(channels), kTotal);
  p.total_min = 0;
  p.groups = {group({0, 1}, 0, dice.real(4, 8)), group({1, 2}, 0, dice.real(4, 8))};
  switch (dice.whole(0, 4)) {
    case 0:
      p.groups[0].max_active = 1;
      break;
    case 1:
      p.roi_min = dice.real(0.2, 1.2);
      break;
    case 2:
      p.groups[1].roi_min = dice.real(0.2, 1.2);
      break;
    case 3:
      p.turnover_max = dice.real(2, 8);
      break;
    default:
      p.goal = Goal::least_spend;
      p.return_min = dice.real(1, 6);
  }
  return p;
}

// The best plan of a grid; minus infinity when none of it fits.
double best_of_grid(const Problem& p, int steps) {
  const bool least = p.goal == Goal::least_spend;
  double best = -kInfinity;
  std::vector<double> plan(3);
  for (int a = 0; a <= steps; ++a) {
    for (int b = 0; a + b <= steps; ++b) {
      for (int c = 0; a + b + c <= steps; ++c) {
        plan = {kTotal * a / steps, kTotal * b / steps, kTotal * c / steps};
        if (violation_of(p, plan) > 1e-9) continue;
        best = std::max(best, (least ? -1 : 1) * objective_of(p, plan));
      }
    }
  }
  return best;
}

TEST(pieces, no_plan_of_a_grid_is_better_and_the_gap_is_closed) {
  int answered = 0;
  for (unsigned seed = 1; seed <= 60; ++seed) {
    Dice dice(seed);
    const Problem p = s_curves(dice);
    const Solution s = solved(p);
    const double best = best_of_grid(p, 45);
    if (s.allocation.status == Status::infeasible) {
      EXPECT_EQ(best, -kInfinity) << seed;
      continue;
    }
    ++answered;
    ASSERT_EQ(s.allocation.status, Status::optimal) << seed;
    EXPECT_LE(s.certificate.gap, 1e-6) << seed;
    EXPECT_LE(s.certificate.violation, 1e-7) << seed;
    const double sign = p.goal == Goal::least_spend ? -1 : 1;
    EXPECT_GE(sign * s.allocation.objective, best - 1e-6 * std::abs(best)) << seed;
    EXPECT_GE(sign * s.certificate.bound, best - 1e-6 * std::abs(best)) << seed;
  }
  EXPECT_GT(answered, 40);
}

TEST(pieces, thirty_s_curves_under_crossed_groups_and_a_count_are_proven) {
  Dice dice(5);
  std::vector<Channel> channels;
  for (int i = 0; i < 30; ++i)
    channels.push_back(
        channel(hill(dice.real(100, 5000), dice.real(50, 900), dice.real(1.5, 4)), 0, 3000, 100));
  Problem p = problem(std::move(channels), 9000);
  std::vector<std::size_t> odd, early;
  for (std::size_t i = 0; i < 30; ++i) {
    if (i % 2 == 1) odd.push_back(i);
    if (i < 15) early.push_back(i);
  }
  p.groups = {group(odd, 0, 4000), group(early, 2000, 5000)};
  p.groups[1].max_active = 5;
  const Solution s = solved(p);
  EXPECT_EQ(s.allocation.status, Status::optimal);
  EXPECT_LE(s.certificate.gap, 1e-6);
  EXPECT_LE(s.allocation.rounds, 40u);
}

TEST(pieces, stopped_at_once_they_keep_today_s_amounts) {
  Dice dice(1);
  Problem p = s_curves(dice);
  p.turnover_max = 5;
  SolveOptions options;
  options.lp = solve_with_glpk;
  options.stop = [] { return true; };
  const Solution s = solve(p, options);
  ASSERT_EQ(s.allocation.spend.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(s.allocation.spend[i], p.channels[i].current);
  EXPECT_EQ(s.allocation.status, Status::stopped);
}

TEST(pieces, a_return_without_end_behind_a_switch_is_unbounded) {
  Problem p = problem({channel(linear(3.9), 0, 111, 71), channel(linear(2.7), 0, 111, 88),
                       channel(logarithm(695, 96), 0, kInfinity, 56)},
                      146);
  p.total_max = kInfinity;
  p.channels[2].fixed_cost = 26;
  p.groups = {group({0, 1, 2}, 0, kInfinity), group({0, 1}, 0, 111)};
  p.groups[0].max_active = 1;
  const Solution s = solved(p);
  EXPECT_EQ(s.allocation.status, Status::unbounded);
  EXPECT_EQ(s.allocation.unbounded, (std::vector<std::size_t>{2}));
}

TEST(glpk, stops_when_it_is_told_to) {
  LpModel model;
  model.columns = {{0, 10, 1, true}, {0, 10, 1, true}};
  model.rows = {{-kInfinity, 7.5}};
  model.entries = {{0, 0, 2}, {0, 1, 3}};
  EXPECT_EQ(solve_with_glpk_until(model, 5, [] { return true; }).status, Status::stopped);
  EXPECT_EQ(solve_with_glpk_until(model, 5, [] { return false; }).status, Status::optimal);
}

TEST(glpk, answers_the_same_whatever_the_scale) {
  for (const double scale : {1e-9, 1.0, 1e9}) {
    LpModel model;
    model.columns = {{0, 4 * scale, 3 / scale, false}, {0, 9 * scale, 1 / scale, false}};
    model.rows = {{-kInfinity, 10 * scale}};
    model.entries = {{0, 0, 1}, {0, 1, 1}};
    const LpAnswer answer = solve_with_glpk(model, 5);
    ASSERT_EQ(answer.status, Status::optimal);
    EXPECT_NEAR(answer.objective, 18, 1e-9);
    EXPECT_NEAR(answer.row_prices[0] * scale, 1, 1e-9);
    EXPECT_NEAR(answer.values[1] / scale, 6, 1e-9);
  }
}

}  // namespace
}  // namespace autopilot::optimize
