// Every solver against all plans there are: straight parts with whole ends and interval groups have
// a best plan of whole amounts (their matrix is totally unimodular), so that trying all is a proof.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "tests/optimize/problems.h"

namespace autopilot::optimize {
namespace {

using namespace testing;  // NOLINT

constexpr int kMost = 7;  // of a channel

Curve random_piecewise(Dice& dice, bool concave) {
  std::vector<double> slopes;
  for (int k = 0; k < 3; ++k) slopes.push_back(dice.whole(0, 12) / 2.0);
  if (concave) std::sort(slopes.rbegin(), slopes.rend());
  std::vector<Point> points{{0, 0}};
  for (const double slope : slopes) {
    const double width = dice.whole(1, 3);
    points.push_back({points.back().x + width, points.back().y + slope * width});
  }
  return piecewise(points);
}

Problem random_problem(Dice& dice, bool concave, bool switches) {
  std::vector<Channel> channels;
  const int n = dice.whole(1, 4);
  for (int i = 0; i < n; ++i) {
    Curve curve =
        dice.heads() && concave ? linear(dice.whole(-1, 8)) : random_piecewise(dice, concave);
    const int low = dice.whole(0, 3) == 0 ? dice.whole(0, 2) : 0;
    Channel c = channel(curve, low, dice.whole(low, kMost), dice.whole(0, kMost));
    if (switches && dice.heads() && low == 0) {
      c.active_min = dice.whole(0, 4);
      c.fixed_cost = dice.whole(0, 5);
    }
    channels.push_back(std::move(c));
  }
  Problem p = problem(std::move(channels), dice.whole(0, 14));
  if (dice.heads()) p.total_min = dice.whole(0, static_cast<int>(p.total_max));
  if (dice.whole(0, 3) == 0) p.goal = Goal::most_profit;
  for (int g = dice.whole(0, 3); g > 0; --g) {
    const int first = dice.whole(0, n - 1), last = dice.whole(first, n - 1);
    std::vector<std::size_t> members;
    for (int i = first; i <= last; ++i) members.push_back(static_cast<std::size_t>(i));
    const int low = dice.heads() ? 0 : dice.whole(0, 5);
    p.groups.push_back(group(members, low, dice.whole(low, 14)));
  }
  return p;
}

// The best whole plan; minus infinity when none fits.
double best_of_all(const Problem& p, std::vector<double>& plan, std::size_t i = 0) {
  if (i == p.channels.size())
    return violation_of(p, plan) <= 1e-12 ? objective_of(p, plan) : -kInfinity;
  double best = -kInfinity;
  for (int x = 0; x <= kMost; ++x) {
    plan[i] = x;
    best = std::max(best, best_of_all(p, plan, i + 1));
  }
  plan[i] = 0;
  return best;
}

struct Tally {
  int infeasible = 0, optimal = 0;
  std::map<std::string, int> by_solver;
};

void check(const Problem& p, const std::string& solver, unsigned seed, Tally& tally) {
  std::vector<double> plan(p.channels.size(), 0);
  const double best = best_of_all(p, plan);
  const Solution s = solved(p, solver);
  ++tally.by_solver[s.allocation.solver];
  if (best == -kInfinity) {
    EXPECT_EQ(s.allocation.status, Status::infeasible) << "seed " << seed << " " << solver;
    ++tally.infeasible;
    return;
  }
  ++tally.optimal;
  ASSERT_EQ(s.allocation.status, Status::optimal)
      << "seed " << seed << " " << solver << " has " << s.allocation.spend.size() << " of " << best;
  EXPECT_NEAR(s.allocation.objective, best, 1e-6 * std::max(1.0, std::abs(best)))
      << "seed " << seed << " by " << s.allocation.solver;
  EXPECT_LE(s.certificate.violation, 1e-9) << "seed " << seed;
  const double bound = s.certificate.bound;
  EXPECT_GE(bound, best - 1e-7 * std::max(1.0, std::abs(best)))
      << "seed " << seed << ": a bound below the best plan, by " << s.allocation.solver;
  EXPECT_LE(bound, best + 1e-6 * std::max(1.0, std::abs(best)))
      << "seed " << seed << ": not proven, by " << s.allocation.solver;
}

TEST(brute_force, no_plan_is_better_where_returns_are_straight_and_concave) {
  Tally tally;
  for (unsigned seed = 1; seed <= 300; ++seed) {
    Dice dice(seed);
    const Problem p = random_problem(dice, true, false);
    check(p, "", seed, tally);
    check(p, "lp", seed, tally);
  }
  EXPECT_GT(tally.infeasible, 20);
  EXPECT_GT(tally.by_solver["waterfill"], 50);
  EXPECT_GT(tally.by_solver["glpk-lp"], 200);
}

TEST(brute_force, no_plan_is_better_where_channels_are_on_or_off) {
  Tally tally;
  for (unsigned seed = 1; seed <= 150; ++seed) {
    Dice dice(1000 + seed);
    const Problem p = random_problem(dice, true, true);
    check(p, "mip", seed, tally);
    check(p, "", seed, tally);
  }
  EXPECT_GT(tally.optimal, 100);
}

TEST(brute_force, no_plan_is_better_where_returns_are_not_concave) {
  Tally tally;
  for (unsigned seed = 1; seed <= 150; ++seed) {
    Dice dice(2000 + seed);
    const Problem p = random_problem(dice, false, true);
    check(p, "", seed, tally);
    if (solver_for(p) == "branch") check(p, "mip", seed, tally);
  }
  EXPECT_GT(tally.by_solver["branch-and-bound"], 15);
}

Curve random_smooth(Dice& dice) {
  switch (dice.whole(0, 6)) {
    case 0:
      return logarithm(dice.real(1, 20), dice.real(0.5, 5));
    case 1:
      return power(dice.real(1, 5), dice.real(0.2, 0.9));
    case 2:
      return exponential(dice.real(1, 20), dice.real(0.5, 5));
    case 3:
      return hill(dice.real(1, 20), dice.real(0.5, 5), dice.real(0.4, 1));
    case 4:
      return mm(dice.real(1, 20), dice.real(0.5, 5));
    case 5:
      return quadratic(dice.real(1, 5), dice.real(0.1, 1));
    default:
      return linear(dice.real(0, 3));
  }
}

// No plan of a fine grid beats it, and its own certificate says that nothing could.
void check_smooth(const Problem& p, unsigned seed, double gap) {
  const Solution s = solved(p);
  if (s.allocation.status == Status::infeasible) return;
  ASSERT_EQ(s.allocation.status, Status::optimal) << "seed " << seed;
  EXPECT_LE(s.certificate.gap, gap) << "seed " << seed << " by " << s.allocation.solver;
  EXPECT_LE(s.certificate.violation, 1e-9) << "seed " << seed;
  const int steps = 60;
  std::vector<double> plan(p.channels.size());
  double best = -kInfinity;
  for (int a = 0; a <= steps; ++a) {
    for (int b = 0; a + b <= steps; ++b) {
      plan[0] = p.total_max * a / steps;
      plan[1] = p.total_max * b / steps;
      plan[2] = p.total_max - plan[0] - plan[1];
      if (violation_of(p, plan) <= 1e-9) best = std::max(best, objective_of(p, plan));
    }
  }
  EXPECT_GE(s.allocation.objective, best - 1e-9 * std::abs(best)) << "seed " << seed;
}

Problem random_smooth_problem(Dice& dice) {
  std::vector<Channel> channels;
  for (int i = 0; i < 3; ++i) {
    const double low = dice.heads() ? 0 : dice.real(0, 2);
    channels.push_back(
        channel(random_smooth(dice), low, low + dice.real(0.5, 12), dice.real(0, 6)));
  }
  Problem p = problem(std::move(channels), dice.real(3, 15));
  if (dice.heads()) p.groups.push_back(group({0, 1}, dice.real(0, 3), dice.real(3, 10)));
  return p;
}

TEST(brute_force, no_plan_of_a_grid_is_better_where_returns_are_smooth) {
  for (unsigned seed = 1; seed <= 150; ++seed) {
    Dice dice(3000 + seed);
    check_smooth(random_smooth_problem(dice), seed, 1e-12);
  }
}

TEST(brute_force, nor_where_groups_cross) {
  for (unsigned seed = 1; seed <= 40; ++seed) {
    Dice dice(4000 + seed);
    Problem p = random_smooth_problem(dice);
    p.groups = {group({0, 1}, 0, dice.real(4, 10)), group({1, 2}, 0, dice.real(4, 10))};
    check_smooth(p, seed, 1e-8);
  }
}

TEST(brute_force, nor_where_there_is_risk) {
  for (unsigned seed = 1; seed <= 120; ++seed) {
    Dice dice(5000 + seed);
    Problem p = random_smooth_problem(dice);
    p.risk.penalty = dice.real(0.01, 0.5);
    const int kind = dice.whole(0, 2);
    std::vector<double> loading{dice.real(0, 1), dice.real(-1, 1), dice.real(0, 1)};
    if (kind != 1) p.risk.diagonal = {dice.real(0.1, 1), dice.real(0.1, 1), dice.real(0.1, 1)};
    if (kind == 1) {  // singular on purpose
      for (int i = 0; i < 3; ++i) {
        p.risk.dense.push_back({});
        for (int j = 0; j < 3; ++j) p.risk.dense[i].push_back(loading[i] * loading[j]);
      }
    }
    if (kind == 2) p.risk.loadings = {loading};
    check_smooth(p, seed, kind == 1 ? 1e-7 : 1e-9);
  }
}

}  // namespace
}  // namespace autopilot::optimize
