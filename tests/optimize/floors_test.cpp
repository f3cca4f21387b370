// Floors on returns together with each other and with goals, and what once had no or a wrong
// answer.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/optimize/problems.h"

namespace autopilot::optimize {
namespace {

using namespace testing;  // NOLINT

// A channel that must have much and earns little, and one that makes up for it.
Problem least_spend_with_roi(double roi) {
  Problem p;
  p.goal = Goal::least_spend;
  p.return_min = 60;
  p.roi_min = roi;
  p.channels = {channel(linear(0.5), 40, 80), channel(logarithm(100, 10), 0, 500)};
  return p;
}

TEST(floors, least_spend_keeps_to_the_return_on_it_too) {
  const Problem p = least_spend_with_roi(2);
  const Solution s = solved(p);
  ASSERT_EQ(s.allocation.status, Status::optimal);
  const double spend = spend_of(s.allocation.spend);
  EXPECT_NEAR(return_of(p, s.allocation.spend), 2 * spend, 1e-8);
  EXPECT_GT(return_of(p, s.allocation.spend), 60 + 1);
  EXPECT_GT(s.allocation.prices.roi, 0);
  EXPECT_EQ(s.allocation.prices.return_min, 0);
  EXPECT_LE(s.certificate.gap, 1e-9);
  EXPECT_NEAR(solved(p, "tangents").allocation.objective, spend, 1e-6);
}

TEST(floors, of_least_spend_are_infeasible_where_no_price_meets_both) {
  EXPECT_EQ(solved(least_spend_with_roi(1)).allocation.status, Status::optimal);
  EXPECT_EQ(solved(least_spend_with_roi(4)).allocation.status, Status::infeasible);
  Problem p = least_spend_with_roi(2);
  p.return_min = 400;  // at this return, each unit returns less
  EXPECT_EQ(solved(p).allocation.status, Status::infeasible);
  EXPECT_EQ(solved(p, "tangents").allocation.status, Status::infeasible);
}

TEST(floors, the_most_profit_spends_more_to_reach_a_return) {
  Problem p;
  p.goal = Goal::most_profit;
  p.channels = {channel(logarithm(100, 10), 0, 500)};
  EXPECT_NEAR(solved(p).allocation.spend[0], 90, 1e-9);
  p.return_min = 300;
  const Solution s = solved(p);
  ASSERT_EQ(s.allocation.status, Status::optimal);
  EXPECT_NEAR(return_of(p, s.allocation.spend), 300, 1e-7);
  EXPECT_LE(s.certificate.gap, 1e-9);
  EXPECT_GT(s.allocation.prices.return_min, 0);
}

TEST(floors, a_price_above_the_floor_comes_down_to_it) {
  Problem p = problem({channel(linear(0.5), 10, 10), channel(logarithm(100, 10), 0, 500)}, 400);
  p.total_min = 0;
  p.price = 8;
  p.roi_min = 3;
  const Solution s = solved(p);
  ASSERT_EQ(s.allocation.status, Status::optimal);
  EXPECT_LE(s.certificate.violation, 1e-9);
  EXPECT_LE(s.certificate.gap, 1e-9);
}

TEST(odd, a_channel_that_has_to_run_runs_at_its_least) {
  Problem p = problem({channel(linear(1), 1, 20), channel(linear(3), 0, 20)}, 10);
  p.channels[0].active_min = 4;
  const Solution s = solved(p);
  EXPECT_EQ(s.allocation.spend, (std::vector<double>{4, 6}));
  p.channels[0].max = 3;
  EXPECT_EQ(solved(p).allocation.status, Status::infeasible);
}

TEST(odd, more_than_may_move_has_to) {
  Problem p = problem({channel(mm(2e-3, 1.3e9), 1.4e9, 6.4e9, 1.2e7)}, 2.5e9);
  p.turnover_max = 1.6e9;
  EXPECT_EQ(solved(p).allocation.status, Status::infeasible);
}

TEST(odd, nothing_to_spend_and_too_few_moves_to_get_there) {
  Problem p = problem({channel(quadratic(4e-3, 460), 0, 1.1e-5, 5.8e-6)}, 0);
  p.price = 9e-4;
  p.turnover_max = 9e-7;
  EXPECT_EQ(solved(p).allocation.status, Status::infeasible);
}

TEST(odd, a_share_of_all_that_all_belong_to_leaves_nothing) {
  Problem p = problem({channel(power(3, 0.3), 0, 5), channel(linear(2), 0, 5)}, 4);
  p.total_min = 0;
  p.groups = {group({0, 1}, 0, 9)};
  p.groups[0].max_share = 0.4;
  const Solution s = solved(p);
  EXPECT_EQ(s.allocation.status, Status::optimal);
  EXPECT_EQ(s.allocation.spend, (std::vector<double>{0, 0}));
}

TEST(odd, a_steep_s_curve_in_tiny_money_gets_what_the_total_leaves) {
  const Solution s = solved(problem({channel(hill(6.7, 1.49e-9, 1.88), 1.96e-9, 1.96e-9),
                                     channel(hill(8.6, 2.28e-9, 4.18), 0, 5e-9)},
                                    6e-9));
  ASSERT_EQ(s.allocation.status, Status::optimal);
  EXPECT_NEAR(s.allocation.spend[1], 4.04e-9, 1e-18);
}

TEST(odd, a_move_that_is_forced_has_a_proof) {
  Problem p = problem({channel(logarithm(12, 1), 0, 3, 4), channel(linear(2), 0, 9, 1)}, 9);
  p.total_min = 0;
  p.turnover_max = 1.5;
  const Solution s = solved(p);
  EXPECT_EQ(s.allocation.status, Status::optimal);
  EXPECT_LE(s.certificate.gap, 1e-9);
}

TEST(odd, what_is_on_anyway_counts_and_costs) {
  Problem p =
      problem({channel(linear(1), 2, 9), channel(linear(3), 0, 9), channel(linear(2), 0, 9)}, 10);
  p.channels[0].fixed_cost = 5;
  p.groups = {group({0, 1, 2}, 0, 10)};
  p.groups[0].max_active = 2;
  const Solution s = solved(p);
  EXPECT_EQ(s.allocation.spend, (std::vector<double>{2, 8, 0}));
  EXPECT_NEAR(s.allocation.objective, 21, 1e-9);
  EXPECT_LE(s.certificate.gap, 1e-9);
}

}  // namespace
}  // namespace autopilot::optimize
