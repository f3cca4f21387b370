// Risk beside every other limit, against all plans of a grid; what has no bound of its own; and
// what is on or off by a hair.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/base/error.h"
#include "core/optimize/reach.h"
#include "tests/optimize/problems.h"

namespace autopilot::optimize {
namespace {

using namespace testing;  // NOLINT

constexpr int kGrid = 24;  // steps of each channel

Risk random_risk(Dice& dice, std::size_t n) {
  Risk risk;
  risk.penalty = dice.real(0.05, 1.5);
  risk.diagonal.assign(n, 0);
  const int kind = dice.whole(0, 2);
  for (double& v : risk.diagonal) v = kind == 0 ? dice.real(0, 2) : 0;
  for (int f = dice.whole(1, 2); kind == 1 && f > 0; --f) {
    std::vector<double> loads;
    for (std::size_t i = 0; i < n; ++i) loads.push_back(dice.real(-1, 1));
    risk.loadings.push_back(loads);
  }
  if (kind != 2) return risk;
  std::vector<std::vector<double>> L(n, std::vector<double>(n, 0));
  for (auto& row : L) {
    for (double& v : row) v = dice.real(-1, 1);
  }
  risk.dense.assign(n, std::vector<double>(n, 0));
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      for (std::size_t k = 0; k < n; ++k) risk.dense[i][j] += L[i][k] * L[j][k];
    }
  }
  return risk;
}

Curve random_curve(Dice& dice) {
  switch (dice.whole(0, 4)) {
    case 0:
      return linear(dice.real(0.5, 4));
    case 1:
      return logarithm(dice.real(2, 9), dice.real(0.5, 3));
    case 2:
      return hill(dice.real(4, 12), dice.real(0.5, 2), dice.real(1.3, 3));
    case 3:
      return piecewise({{0, 0}, {1, dice.real(0, 4)}, {3, dice.real(4, 8)}});
    default:
      return quadratic(dice.real(2, 5), dice.real(0.5, 1.5));
  }
}

Problem random_problem(Dice& dice) {
  const std::size_t n = static_cast<std::size_t>(dice.whole(2, 3));
  std::vector<Channel> channels;
  for (std::size_t i = 0; i < n; ++i) {
    Channel c = channel(random_curve(dice), 0, dice.real(1, 4), dice.real(0, 2));
    if (dice.whole(0, 3) == 0) c.active_min = dice.real(0.1, 0.9) * c.max;
    if (dice.whole(0, 3) == 0) c.fixed_cost = dice.real(0, 2);
    channels.push_back(std::move(c));
  }
  Problem p = problem(std::move(channels), dice.real(1, 5));
  p.total_min = 0;
  p.risk = random_risk(dice, n);
  if (dice.heads()) p.roi_min = dice.real(0.5, 2);
  if (dice.heads()) p.turnover_max = dice.real(1, 5);
  if (dice.whole(0, 2) == 0) {
    Group g = group({0, 1}, 0, dice.real(1, 4));
    g.max_active = 1;
    p.groups.push_back(g);
  }
  return p;
}

double best_of_grid(const Problem& p, std::vector<double>& plan, std::size_t i = 0) {
  if (i == p.channels.size())
    return violation_of(p, plan) <= 1e-9 ? objective_of(p, plan) : -kInfinity;
  double best = -kInfinity;
  for (int k = 0; k <= kGrid; ++k) {
    plan[i] = p.channels[i].max * k / kGrid;
    best = std::max(best, best_of_grid(p, plan, i + 1));
  }
  plan[i] = 0;
  return best;
}

TEST(risk, no_plan_of_a_grid_is_better_whatever_else_holds) {
  int found = 0;
  for (unsigned seed = 1; seed <= 150; ++seed) {
    Dice dice(seed);
    const Problem p = random_problem(dice);
    std::vector<double> plan(p.channels.size(), 0);
    const double best = best_of_grid(p, plan);
    const Solution s = solved(p);
    if (best == -kInfinity) continue;
    ++found;
    ASSERT_EQ(s.allocation.status, Status::optimal) << "seed " << seed;
    EXPECT_GE(s.allocation.objective, best - 1e-6 * std::max(1.0, std::abs(best)))
        << "seed " << seed << " by " << s.allocation.solver;
    EXPECT_LE(s.certificate.violation, 1e-7) << "seed " << seed;
    EXPECT_LE(s.certificate.gap, 2e-6) << "seed " << seed << " by " << s.allocation.solver;
  }
  EXPECT_GT(found, 80);
}

TEST(risk, of_pieces_is_the_same_by_tangents_as_what_each_piece_says) {
  // 90 - 9 = 81 beyond the corner, so that it stays there: slope 3 before it, 1 after, risk 2 x.
  Problem p = problem({channel(piecewise({{0, 0}, {1.2, 3.6}, {9, 11.4}}), 0, 9)}, 9);
  p.total_min = 0;
  p.risk.penalty = 2;
  p.risk.dense = {{1}};
  const Solution s = solved(p);
  EXPECT_EQ(s.allocation.solver, "tangents");
  EXPECT_NEAR(s.allocation.spend[0], 1.2, 1e-4);
  EXPECT_NEAR(s.allocation.objective, 3.6 - 1.44, 1e-8);
}

TEST(risk, of_a_covariance_that_is_none_names_the_two) {
  Problem p = problem({channel(linear(1), 0, 1), channel(linear(1), 0, 1)}, 1);
  p.risk.penalty = 1;
  p.risk.dense = {{1, 2}, {2, 1}};
  EXPECT_EQ(fault_of(p), "the covariance of c0 and c1, 2, is more than their variances allow: 1");
}

TEST(reach, is_what_may_move_and_what_a_floor_can_pay_for) {
  Problem p = problem({channel(logarithm(10, 1)), channel(exponential(4, 1))}, 0);
  p.total_min = 0;
  p.total_max = kInfinity;
  p.roi_min = 2;
  const std::vector<double> reach = reach_of(p, 1);
  // What the other can spare: 4 - 2 ln 2 - 2 at a spend of ln 2.
  const double spare = 4 * 0.5 - 2 * std::log(2.0);
  EXPECT_NEAR(10 * std::log1p(reach[0]) - 2 * reach[0], -spare, 1e-4);
  EXPECT_TRUE(std::isfinite(reach[1]));
  p.turnover_max = 3;
  EXPECT_LE(reach_of(p, 1)[0], 3);
}

TEST(reach, without_an_end_has_no_best_plan_under_any_solver) {
  Problem p = problem({channel(piecewise({{0, 0}, {3, 9}})), channel(logarithm(4, 1))}, 0);
  p.total_min = 0;
  p.total_max = kInfinity;
  Group g = group({0}, 1, kInfinity);
  g.roi_min = 2;
  p.groups.push_back(g);
  const Solution s = solved(p);
  EXPECT_EQ(s.allocation.status, Status::unbounded);
  EXPECT_EQ(s.allocation.unbounded, std::vector<std::size_t>{1});
  p.channels[1].max = 5;
  EXPECT_EQ(solved(p).allocation.status, Status::optimal);
}

TEST(switches, let_no_cost_slip_through_where_amounts_are_small_and_have_no_max) {
  Problem p = problem({channel(linear(2))}, 0);
  p.channels[0].fixed_cost = 0.0005;
  p.total_min = 0;
  p.total_max = kInfinity;
  p.goal = Goal::least_spend;
  p.return_min = 0.0019;
  const Solution s = solved(p);
  ASSERT_EQ(s.allocation.status, Status::optimal);
  EXPECT_NEAR(s.allocation.objective, 0.0012, 1e-9);
  EXPECT_LE(s.certificate.violation, 1e-8);
}

TEST(glpk, that_finds_nothing_feasible_from_one_start_is_asked_from_another) {
  Problem p = problem({channel(hill(7.782587779948745, 1.8759543450293903, 0.6325342988424807), 0,
                               1.4398572811339345),
                       channel(linear(2), 0, 2.4629527987782063)},
                      2.524456716886065);
  p.channels[0].active_min = 1.0771080351683895;
  p.channels[0].fixed_cost = 0.5498413512585442;
  p.roi_min = 2.046595774012384;
  p.risk.penalty = 0.9456051775799432;
  p.risk.loadings = {{0.03987130293646857, 0.41057463374892844},
                     {0.763580672683358, -0.07711366758363725}};
  const Solution s = solved(p);
  ASSERT_EQ(s.allocation.status, Status::optimal);
  EXPECT_NEAR(s.allocation.spend[0], 1.0771080351683895, 1e-9);
}

TEST(switches, that_are_off_get_nothing_and_cost_nothing) {
  Problem p = problem({channel(piecewise({{0, 0}, {71, 274}, {122, 433}, {241, 582}})),
                       channel(piecewise({{0, 0}, {40, 151}, {98, 331}, {143, 390}})),
                       channel(linear(1.5), 0, 200)},
                      287.4);
  p.channels[0].active_min = 119;
  p.channels[0].fixed_cost = 82;
  p.channels[2].fixed_cost = 89;
  const Solution s = solved(p);
  ASSERT_EQ(s.allocation.status, Status::optimal);
  EXPECT_EQ(s.allocation.spend[2], 0);
  EXPECT_LE(s.certificate.gap, 1e-9);
}

TEST(switches, of_s_curves_without_a_max_are_found) {
  Problem p = problem({channel(hill(3.6, 1.7, 3.3)), channel(hill(0.8, 0.4, 0.55), 0.2)}, 0);
  p.total_min = 0;
  p.total_max = kInfinity;
  p.goal = Goal::least_spend;
  p.return_min = 1.5;
  const Solution s = solved(p);
  ASSERT_EQ(s.allocation.status, Status::optimal);
  double best = kInfinity;
  for (int k = 0; k <= 40000; ++k) {
    const std::vector<double> plan{4.0 * k / 40000, 0};
    const double rest = 1.5 - value_at(p.channels[0].curve, plan[0]);
    double low = 0.2, high = 50;
    for (int i = 0; i < 80; ++i) {
      const double middle = (low + high) / 2;
      (value_at(p.channels[1].curve, middle) < rest ? low : high) = middle;
    }
    if (value_at(p.channels[1].curve, high) >= rest) best = std::min(best, plan[0] + high);
  }
  EXPECT_LE(s.allocation.objective, best * (1 + 1e-7));
}

}  // namespace
}  // namespace autopilot::optimize
