// What is odd: nothing to spend, one channel, equal channels, huge and tiny numbers, no numbers at
// all, floors and limits on top, too little time.
#include "core/optimize/solve.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/base/error.h"
#include "core/optimize/whole.h"
#include "tests/optimize/problems.h"

namespace autopilot::optimize {
namespace {

using namespace testing;  // NOLINT

using Amounts = std::vector<double>;

TEST(solve, numbers_that_overflow_are_refused) {
  Problem p = testing::problem({testing::channel(testing::logarithm(500, 100))}, 1e300);
  EXPECT_EQ(fault_of(p), "the total is beyond 1e30");
  p.total_min = p.total_max = 1e12;
  EXPECT_EQ(fault_of(p), "");
  p.channels[0].current = 1e300;
  EXPECT_EQ(fault_of(p), "c0 has an amount beyond 1e30");
  p.channels[0].current = 0;
  p.channels[0].curve.b = 1e-308;
  EXPECT_EQ(fault_of(p), "the curve of c0 has a scale below 1e-30");
  p.channels[0].curve = testing::hill(1e300, 1, 2);
  EXPECT_EQ(fault_of(p), "the curve of c0 has a number beyond 1e30");
  p.channels[0].curve = testing::hill(1, 1, 1e6);
  EXPECT_EQ(fault_of(p), "the curve of c0 has a shape above 1000");
}

TEST(solve, with_nothing_to_spend_nothing_is_spent) {
  for (const Curve& curve : {linear(2), logarithm(3, 1), power(2, 0.5), hill(5, 2, 2)}) {
    const Solution s = solved(problem({channel(curve), channel(curve, 0, 4)}, 0));
    EXPECT_EQ(s.allocation.status, Status::optimal);
    EXPECT_EQ(s.allocation.spend, (Amounts{0, 0}));
    EXPECT_EQ(s.allocation.objective, 0);
  }
}

TEST(solve, one_channel_gets_all_there_is) {
  const Solution s = solved(problem({channel(logarithm(3, 1), 0, 50)}, 10));
  EXPECT_EQ(s.allocation.spend, (Amounts{10}));
  EXPECT_NEAR(s.allocation.prices.total, 3.0 / 11, 1e-12);
  EXPECT_LE(s.certificate.gap, 1e-15);
}

TEST(solve, a_channel_whose_bounds_meet_gets_just_that) {
  const Solution s = solved(problem({channel(power(3, 0.5), 4, 4), channel(linear(1))}, 10));
  EXPECT_EQ(s.allocation.spend, (Amounts{4, 6}));
}

TEST(solve, equal_channels_share_alike_and_ties_stay_near_today) {
  const Channel same = channel(linear(2), 0, 100);
  EXPECT_EQ(solved(problem({same, same, same, same}, 100)).allocation.spend,
            (Amounts{25, 25, 25, 25}));
  const Solution s = solved(problem(
      {channel(linear(2), 0, 100, 60), channel(linear(2), 0, 100, 40), channel(linear(1))}, 110));
  EXPECT_NEAR(s.allocation.spend[0], 65, 1e-9);
  EXPECT_NEAR(s.allocation.spend[1], 45, 1e-9);
}

TEST(solve, ties_inside_a_group_that_binds_are_settled_within_it) {
  Problem p = problem(
      {channel(linear(3), 0, 100, 10), channel(linear(3), 0, 100, 20), channel(linear(1), 0, 100)},
      100);
  p.groups.push_back(group({0, 1}, 0, 50));
  const Solution s = solved(p);
  EXPECT_NEAR(s.allocation.spend[0], 20, 1e-9);
  EXPECT_NEAR(s.allocation.spend[1], 30, 1e-9);
  EXPECT_NEAR(s.allocation.spend[2], 50, 1e-9);
  EXPECT_NEAR(s.allocation.prices.group[0], 2, 1e-12);
  EXPECT_LE(s.certificate.gap, 1e-13);
}

TEST(solve, the_scale_of_money_and_of_returns_is_no_matter) {
  for (const double money : {1e-9, 1e-3, 1.0, 1e6, 1e9}) {
    for (const double worth : {1e-9, 1.0, 1e9}) {
      const Problem p = problem({channel(logarithm(30 * worth, 3 * money), 0, 50 * money),
                                 channel(exponential(40 * worth, 9 * money), 0, 50 * money),
                                 channel(power(5 * worth / std::sqrt(money), 0.5), 0, 50 * money)},
                                40 * money);
      const Solution s = solved(p);
      ASSERT_EQ(s.allocation.status, Status::optimal);
      EXPECT_LE(s.certificate.gap, 1e-12) << money << " " << worth;
      EXPECT_LE(s.certificate.violation, 1e-13);
    }
  }
}

TEST(solve, what_is_no_number_is_refused) {
  const double nan = std::nan("");
  std::vector<Problem> odd(8, problem({channel(logarithm(3, 1), 0, 50)}, 10));
  odd[0].channels[0].curve.a = nan;
  odd[1].channels[0].min = nan;
  odd[2].channels[0].max = nan;
  odd[3].total_max = nan;
  odd[4].risk.penalty = nan;
  odd[5].channels[0].current = -1;
  odd[6].channels[0].curve.b = 0;
  odd[7].turnover_max = nan;
  for (const Problem& p : odd) EXPECT_THROW(solved(p), Error);
}

TEST(solve, infeasible_and_unbounded_are_told_apart) {
  EXPECT_EQ(solved(problem({channel(linear(1), 0, 5)}, 10)).allocation.status, Status::infeasible);
  Problem open;
  open.channels = {channel(linear(1)), channel(exponential(1, 1))};
  const Solution s = solved(open);
  EXPECT_EQ(s.allocation.status, Status::unbounded);
  EXPECT_EQ(s.allocation.unbounded, (std::vector<std::size_t>{0}));
}

TEST(solve, a_floor_on_return_per_spend_holds_exactly) {
  Problem p = problem({channel(logarithm(100, 10)), channel(mm(300, 50))}, 500);
  p.total_min = 0;
  p.roi_min = 2;
  const Solution s = solved(p);
  EXPECT_NEAR(return_of(p, s.allocation.spend), 2 * spend_of(s.allocation.spend), 1e-8);
  EXPECT_GT(s.allocation.prices.roi, 0);
  EXPECT_LE(s.certificate.gap, 1e-10);
}

TEST(solve, least_spend_reaches_the_return_and_not_more) {
  Problem p;
  p.goal = Goal::least_spend;
  p.return_min = 200;
  p.channels = {channel(logarithm(100, 10)), channel(mm(300, 50))};
  const Solution s = solved(p);
  EXPECT_NEAR(return_of(p, s.allocation.spend), 200, 1e-8);
  EXPECT_LE(s.certificate.gap, 1e-10);
  // The price of a unit of return is what it costs to get one more.
  p.return_min = 200.001;
  EXPECT_NEAR((solved(p).allocation.objective - s.allocation.objective) / 0.001,
              s.allocation.prices.return_min, 1e-3);
}

TEST(solve, a_limit_on_moves_holds_and_its_price_is_that_of_a_bit_more) {
  Problem p = problem({channel(logarithm(100, 10), 0, 200, 20), channel(mm(300, 50), 0, 200, 20),
                       channel(power(9, 0.5), 0, 200, 60)},
                      100);
  p.turnover_max = 10;
  const Solution s = solved(p);
  double moved = 0;
  for (std::size_t i = 0; i < 3; ++i)
    moved += std::abs(s.allocation.spend[i] - p.channels[i].current);
  EXPECT_NEAR(moved, 10, 1e-9);
  EXPECT_LE(s.certificate.gap, 1e-10);
  p.turnover_max = 10.001;
  EXPECT_NEAR((solved(p).allocation.objective - s.allocation.objective) / 0.001,
              s.allocation.prices.turnover, 1e-3);
}

TEST(solve, the_total_s_price_is_what_a_bit_more_earns) {
  Problem p = problem({channel(hill(100, 10, 0.8)), channel(exponential(300, 50)),
                       channel(quadratic(3, 0.02), 0, 100)},
                      100);
  const Solution s = solved(p);
  Problem more = p;
  more.total_min = more.total_max = 100.0001;
  EXPECT_NEAR((solved(more).allocation.objective - s.allocation.objective) / 0.0001,
              s.allocation.prices.total, 1e-4);
}

TEST(solve, what_is_carried_over_shifts_the_curve) {
  Problem p = problem({channel(logarithm(100, 10)), channel(logarithm(100, 10))}, 100);
  p.channels[0].curve.carry = 20;
  const Solution s = solved(p);
  EXPECT_NEAR(s.allocation.spend[0] + 20, s.allocation.spend[1], 1e-9);
}

// Crossed groups, so that GLPK answers; slopes and amounts of few values, so that much is tied.
Problem tied_problem(Dice& dice) {
  std::vector<Channel> channels;
  const int n = dice.whole(4, 9);
  for (int i = 0; i < n; ++i)
    channels.push_back(channel(linear(dice.whole(1, 2)), 0, dice.whole(2, 6) * 10,
                               dice.heads() ? dice.whole(0, 4) * 10 : 0));
  Problem p = problem(std::move(channels), 60);
  p.groups.push_back(group({0, 1, 2}, 0, 40));
  p.groups.push_back(group({1, 2, 3}, 10, 40));
  return p;
}

Problem reversed(const Problem& p) {
  Problem out = p;
  const std::size_t n = p.channels.size();
  std::reverse(out.channels.begin(), out.channels.end());
  for (Group& g : out.groups) {
    for (std::size_t& member : g.members) member = n - 1 - member;
    std::reverse(g.members.begin(), g.members.end());
  }
  std::reverse(out.groups.begin(), out.groups.end());
  return out;
}

TEST(ties, of_linear_programs_do_not_depend_on_the_order_of_channels) {
  int checked = 0;
  for (unsigned seed = 1; seed <= 200; ++seed) {
    Dice dice(seed);
    const Problem p = tied_problem(dice);
    const Solution forth = solved(p);
    if (forth.allocation.status != Status::optimal) continue;
    EXPECT_EQ(forth.allocation.solver, "glpk-lp");
    Amounts back = solved(reversed(p)).allocation.spend;
    std::reverse(back.begin(), back.end());
    ASSERT_EQ(back.size(), forth.allocation.spend.size());
    for (std::size_t i = 0; i < back.size(); ++i)
      EXPECT_NEAR(back[i], forth.allocation.spend[i], 1e-7) << seed << " " << i;
    EXPECT_LE(forth.certificate.gap, 1e-9) << seed;
    EXPECT_EQ(solved(p).allocation.spend, forth.allocation.spend);
    ++checked;
  }
  EXPECT_GT(checked, 100);
}

TEST(ties, of_linear_programs_change_least_and_then_go_by_id) {
  Problem p = problem({channel(linear(2), 0, 50, 10), channel(linear(2), 0, 50, 30),
                       channel(linear(2), 0, 50, 0), channel(linear(1), 0, 50, 20)},
                      60);
  p.groups = {group({0, 1}, 0, 50), group({1, 2}, 0, 50)};
  const Amounts plan = solved(p).allocation.spend;
  double change = 0;
  for (std::size_t i = 0; i < plan.size(); ++i) change += std::abs(plan[i] - p.channels[i].current);
  EXPECT_NEAR(change, 40, 1e-9);  // the 20 of the last one go elsewhere, and nothing else moves
  // The first two may have 10 more, the middle two 20 more: c0 comes first.
  EXPECT_NEAR(plan[0], 20, 1e-9);
  EXPECT_NEAR(plan[1], 30, 1e-9);
  EXPECT_NEAR(plan[2], 10, 1e-9);
}

TEST(solve, solvers_agree_when_they_are_forced) {
  const Problem p = problem({channel(piecewise({{0, 0}, {10, 40}, {30, 60}}), 0, 30),
                             channel(linear(1.5), 0, 40), channel(linear(0.5), 0, 40)},
                            50);
  const double best = solved(p).allocation.objective;
  for (const char* solver : {"waterfill", "lp", "tangents", "mip", "branch"})
    EXPECT_NEAR(solved(p, solver).allocation.objective, best, 1e-9) << solver;
  EXPECT_THROW(solved(problem({channel(hill(1, 1, 3))}, 1), "lp"), Error);
  EXPECT_THROW(solved(problem({channel(hill(1, 1, 3))}, 1), "waterfill"), Error);
}

TEST(solve, out_of_time_it_gives_the_best_found_and_its_gap) {
  Dice dice(7);
  std::vector<Channel> channels;
  for (int i = 0; i < 40; ++i) {
    Channel c = channel(logarithm(dice.real(50, 60), dice.real(9, 11)), 0, 30, 2.5);
    c.active_min = 17;
    c.fixed_cost = dice.real(10, 12);
    channels.push_back(std::move(c));
  }
  Problem p = problem(std::move(channels), 100);
  p.total_min = 0;
  for (std::size_t g = 0; g < 8; ++g) {
    std::vector<std::size_t> members;
    for (std::size_t i = 5 * g; i < 5 * g + 5; ++i) members.push_back(i);
    p.groups.push_back(group(members, 0, 18));
  }
  SolveOptions options;
  options.solver = "branch";
  options.stop = [] { return true; };
  const Solution s = solve(p, options);
  ASSERT_FALSE(s.allocation.spend.empty());
  EXPECT_TRUE(s.allocation.status == Status::stopped || s.certificate.gap <= 1e-9);
  EXPECT_LE(s.certificate.violation, 1e-9);
  EXPECT_GE(s.certificate.bound, s.allocation.objective);
}

TEST(solve, three_hundred_s_curves_are_proven) {
  Dice dice(3);
  std::vector<Channel> channels;
  for (int i = 0; i < 300; ++i)
    channels.push_back(
        channel(hill(dice.real(100, 5000), dice.real(50, 900), dice.real(1.5, 4)), 0, 3000, 100));
  const Solution s = solved(problem(std::move(channels), 60000));
  EXPECT_EQ(s.allocation.status, Status::optimal);
  EXPECT_LE(s.certificate.gap, 1e-9);
}

TEST(solve, the_same_problem_gives_the_same_bytes) {
  Dice dice(11);
  std::vector<Channel> channels;
  for (int i = 0; i < 200; ++i) channels.push_back(channel(linear(dice.whole(1, 4)), 0, 10, 3));
  Problem p = problem(std::move(channels), 777);
  p.groups = {group({0, 1, 2, 3}, 5, 20), group({3, 4, 5}, 0, 12)};
  EXPECT_EQ(solved(p).allocation.spend, solved(p).allocation.spend);
}

TEST(solve, a_hundred_thousand_channels_are_exact) {
  Dice dice(5);
  std::vector<Channel> channels;
  for (int i = 0; i < 100000; ++i) {
    const double a = dice.real(1, 100), b = dice.real(1, 50);
    const Curve curves[] = {linear(a / b),
                            logarithm(a, b),
                            power(a, 0.6),
                            mm(a, b),
                            exponential(a, b),
                            hill(a, b, 0.7),
                            quadratic(a / b, a / b / 100)};
    channels.push_back(channel(curves[i % 7], 0, 100, 10));
  }
  const Solution s = solved(problem(std::move(channels), 1e6));
  EXPECT_LE(s.certificate.gap, 1e-12);
  EXPECT_LE(s.certificate.violation, 1e-14);
}

// All ways to give `units` to channels, each worth what its curve says: the best value.
double best_whole(const Problem& p, int units, double unit) {
  std::vector<double> best(static_cast<std::size_t>(units) + 1, -kInfinity);
  best[0] = 0;
  for (const Channel& c : p.channels) {
    std::vector<double> next(best.size(), -kInfinity);
    for (int k = 0; k <= units; ++k) {
      const double x = k * unit;
      if (x < c.min - 1e-12 || x > c.max + 1e-12) continue;
      for (int j = 0; j + k <= units; ++j)
        next[static_cast<std::size_t>(j + k)] =
            std::max(next[static_cast<std::size_t>(j + k)],
                     best[static_cast<std::size_t>(j)] + value_at(c.curve, x));
    }
    best = next;
  }
  return best.back();
}

TEST(whole_units, are_the_best_whole_plan_there_is) {
  for (unsigned seed = 1; seed <= 60; ++seed) {
    Dice dice(seed);
    std::vector<Channel> channels;
    for (int i = 0; i < 4; ++i)
      channels.push_back(channel(dice.heads() ? logarithm(dice.real(1, 9), dice.real(0.1, 2))
                                              : quadratic(dice.real(0.5, 3), dice.real(0.5, 3)),
                                 dice.real(0, 0.1), dice.real(0.3, 1)));
    const Problem p = problem(std::move(channels), 1);
    const Solution s = solved(p);
    if (s.allocation.status != Status::optimal) continue;
    const auto units = whole_units(p, s.allocation.spend, 0.01);
    ASSERT_TRUE(units) << seed;
    std::int64_t sum = 0;
    double value = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      sum += (*units)[i];
      value += value_at(p.channels[i].curve, static_cast<double>((*units)[i]) * 0.01);
    }
    EXPECT_EQ(sum, 100);
    EXPECT_NEAR(value, best_whole(p, 100, 0.01), 1e-9) << seed;
  }
}

TEST(whole_units, need_room_for_a_whole_unit) {
  EXPECT_FALSE(whole_units(problem({channel(linear(1), 0.001, 0.009)}, 0.005), {0.005}, 0.01));
}

TEST(current, is_never_better_than_what_is_found) {
  for (unsigned seed = 1; seed <= 100; ++seed) {
    Dice dice(seed);
    std::vector<Channel> channels;
    double total = 0;
    for (int i = 0; i < 6; ++i) {
      channels.push_back(channel(hill(dice.real(1, 50), dice.real(1, 9), dice.real(0.5, 3)), 0, 20,
                                 dice.real(0, 20)));
      total += channels.back().current;
    }
    const Problem p = problem(std::move(channels), total);
    std::vector<double> now;
    for (const Channel& c : p.channels) now.push_back(c.current);
    EXPECT_GE(solved(p).allocation.objective, objective_of(p, now) * (1 - 1e-12)) << seed;
  }
}

}  // namespace
}  // namespace autopilot::optimize
