// The sweep over totals and the fast path through many channels, each against an independent solve
// and against what duality proves.
#include "core/optimize/frontier.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/optimize/lanes.h"
#include "core/optimize/values.h"
#include "tests/optimize/problems.h"

namespace autopilot::optimize {
namespace {

using namespace testing;  // NOLINT

double scale_of(Dice& dice) { return std::pow(10.0, dice.real(-9, 9)); }

// Any family, at the scales of money and worth.
Curve any_curve(Dice& dice, double money, double worth) {
  const double a = worth * dice.real(1, 50), b = money * dice.real(0.5, 50);
  switch (dice.whole(0, 8)) {
    case 0:
      return linear(a / b / 4);
    case 1:
      return logarithm(a, b);
    case 2:
      return power(a / std::pow(b, 0.6) / 4, 0.6);
    case 3:
      return exponential(a, b);
    case 4:
      return hill(a, b, dice.real(0.3, 1));
    case 5:
      return mm(a, b);
    case 6:
      return quadratic(a / b, a / b / b / 20);
    case 7: {
      Curve out = dice.heads() ? logarithm(a, b) : hill(a, b, 0.7);
      out.carry = b * dice.real(0, 2);
      return out;
    }
    default:
      return piecewise({{0, 0}, {b, a}, {2 * b, 1.7 * a}, {5 * b, 2 * a}});
  }
}

Problem any_problem(unsigned seed, std::size_t n, double money, double worth, bool grouped) {
  Dice dice(seed);
  std::vector<Channel> channels;
  for (std::size_t i = 0; i < n; ++i) {
    const double low = dice.heads() ? 0 : money * dice.real(0, 1);
    channels.push_back(channel(any_curve(dice, money, worth), low, low + money * dice.real(1, 60),
                               money * dice.real(0, 20)));
  }
  Problem out = problem(std::move(channels), money * 12 * static_cast<double>(n));
  if (!grouped || n < 8) return out;
  const double each = money * static_cast<double>(n / 4);
  std::vector<std::size_t> first, second, inner;
  for (std::size_t i = 0; i < n / 4; ++i) first.push_back(i);
  for (std::size_t i = n / 4; i < n / 2; ++i) second.push_back(i);
  for (std::size_t i = n / 4; i < n / 3; ++i) inner.push_back(i);
  out.groups = {group(first, 2 * each, 9 * each), group(second, 0, 14 * each)};
  if (inner.size() > 1) out.groups.push_back(group(inner, each / 4, each));
  return out;
}

void expect_same_as_solved(const Problem& p, const FrontierPoint& point, const std::string& where) {
  Problem other = p;
  other.total_max = point.total;
  if (p.is_fixed()) other.total_min = point.total;
  const Solution s = solved(other);
  ASSERT_EQ(s.allocation.status, Status::optimal) << where;
  const double returned = return_of(other, s.allocation.spend);
  EXPECT_NEAR(point.returned, returned, 1e-9 * returned) << where;
  EXPECT_NEAR(point.spend, spend_of(s.allocation.spend), 1e-9 * point.total) << where;
  EXPECT_LE(point.gap, 1e-12) << where;
}

TEST(frontier, each_point_is_what_solving_for_its_total_gives) {
  for (unsigned seed = 1; seed <= 120; ++seed) {
    Dice dice(1000 + seed);
    const double money = scale_of(dice), worth = scale_of(dice);
    Problem p =
        any_problem(seed, static_cast<std::size_t>(dice.whole(1, 60)), money, worth, seed % 3 == 0);
    if (seed % 4 == 0) p.total_min = 0;
    std::vector<double> totals;
    for (int k = 0; k < 12; ++k) totals.push_back(p.total_max * (0.3 + 0.15 * k));
    const std::vector<FrontierPoint> points =
        frontier_of(p, totals, [](const Problem& other) { return solved(other); });
    for (const FrontierPoint& point : points)
      expect_same_as_solved(
          p, point,
          "seed " + std::to_string(seed) + " total " + std::to_string(point.total / money));
  }
}

// Totals so close that what all want is worked out for several of them at once.
TEST(frontier, of_close_totals_is_what_solving_for_each_gives) {
  for (unsigned seed = 1; seed <= 40; ++seed) {
    Dice dice(4000 + seed);
    const double money = scale_of(dice), worth = scale_of(dice);
    Problem p = any_problem(seed, static_cast<std::size_t>(dice.whole(20, 300)), money, worth,
                            seed % 3 == 0);
    if (seed % 4 == 0) p.total_min = 0;
    std::vector<double> totals;
    for (int k = 0; k < 60; ++k) totals.push_back(p.total_max * (0.7 + 0.002 * k));
    if (seed % 5 == 0) std::reverse(totals.begin(), totals.end());
    const std::vector<FrontierPoint> points = frontier_of(p, totals, nullptr);
    for (std::size_t k = 0; k < points.size(); k += 7)
      expect_same_as_solved(p, points[k], "seed " + std::to_string(seed));
    for (const FrontierPoint& point : points) EXPECT_LE(point.gap, 1e-12) << seed;
  }
}

TEST(frontier, of_many_channels_is_proven_and_falls_in_its_price) {
  const Problem p = any_problem(7, 30000, 1, 1, true);
  std::vector<double> totals;
  for (int k = 0; k < 200; ++k) totals.push_back(p.total_max * (0.5 + k / 199.0));
  const std::vector<FrontierPoint> points = frontier_of(p, totals, nullptr);
  ASSERT_EQ(points.size(), 200u);
  for (std::size_t k = 0; k < points.size(); ++k) {
    EXPECT_LE(points[k].gap, 1e-12) << k;
    const double before = k > 0 ? points[k - 1].marginal : kInfinity;
    EXPECT_LE(points[k].marginal, before * (1 + 1e-12)) << k;
    if (k % 40 == 0) expect_same_as_solved(p, points[k], std::to_string(k));
  }
}

TEST(frontier, order_and_repetition_of_totals_do_not_matter) {
  const Problem p = any_problem(3, 40, 1, 1, false);
  const std::vector<double> up{200, 400, 480, 480, 700}, down{700, 480, 400, 480, 200};
  const auto a = frontier_of(p, up, nullptr), b = frontier_of(p, down, nullptr);
  ASSERT_EQ(a.size(), 5u);
  ASSERT_EQ(b.size(), 5u);
  EXPECT_NEAR(a[0].returned, b[4].returned, 1e-11 * a[0].returned);
  EXPECT_NEAR(a[2].returned, b[3].returned, 1e-11 * a[2].returned);
  EXPECT_NEAR(a[4].marginal, b[0].marginal, 1e-9 * a[4].marginal);
}

TEST(frontier, leaves_out_totals_that_nothing_fits) {
  const Problem p = problem({channel(logarithm(9, 2), 5, 20), channel(mm(9, 2), 0, 10)}, 20);
  const auto points = frontier_of(p, {2, 5, 20, 30, 40}, nullptr);
  ASSERT_EQ(points.size(), 3u);
  EXPECT_EQ(points[0].total, 5);
  EXPECT_EQ(points[2].total, 30);
}

TEST(concave_channels, are_exact_for_any_mix_of_families_at_any_scale) {
  for (unsigned seed = 1; seed <= 150; ++seed) {
    Dice dice(2000 + seed);
    const double money = scale_of(dice), worth = scale_of(dice);
    const Problem p = any_problem(seed, static_cast<std::size_t>(dice.whole(1, 400)), money, worth,
                                  seed % 3 == 0);
    const Solution s = solved(p);
    if (s.allocation.status == Status::infeasible) continue;
    ASSERT_EQ(s.allocation.status, Status::optimal) << seed;
    EXPECT_LE(s.certificate.gap, 1e-12) << seed;
    EXPECT_LE(s.certificate.violation, 1e-12) << seed;
  }
}

TEST(concave_channels, are_exact_where_each_has_a_scale_of_its_own) {
  for (unsigned seed = 1; seed <= 60; ++seed) {
    Dice dice(3000 + seed);
    std::vector<Channel> channels;
    double room = 0;
    for (int i = 0; i < 200; ++i) {
      const double money = scale_of(dice);
      channels.push_back(channel(any_curve(dice, money, scale_of(dice)), 0, 50 * money, money));
      room += 50 * money;
    }
    const Solution s = solved(problem(std::move(channels), room * dice.real(0.01, 0.9)));
    ASSERT_EQ(s.allocation.status, Status::optimal) << seed;
    EXPECT_LE(s.certificate.gap, 1e-12) << seed;
    EXPECT_LE(s.certificate.violation, 1e-12) << seed;
  }
}

// Enough of them for the sample that begins the search, and for its last step untried.
TEST(concave_channels, are_exact_where_there_are_many) {
  for (unsigned seed = 1; seed <= 3; ++seed) {
    const Solution s = solved(any_problem(seed, 50000, 1e3, 1e-3, false));
    ASSERT_EQ(s.allocation.status, Status::optimal);
    EXPECT_LE(s.certificate.gap, 1e-12) << seed;
    EXPECT_LE(s.certificate.violation, 1e-13) << seed;
    EXPECT_LE(s.certificate.residual, 1e-12) << seed;
  }
}

TEST(values, of_many_are_those_of_each) {
  Dice dice(5);
  std::vector<Channel> channels;
  std::vector<double> spend;
  for (int i = 0; i < 5000; ++i) {
    const double money = scale_of(dice);
    channels.push_back(channel(any_curve(dice, money, scale_of(dice))));
    spend.push_back(i % 50 == 0 ? 0 : money * std::pow(10.0, dice.real(-12, 3)));
  }
  const std::vector<double> all = returns_at(channels, spend);
  for (std::size_t i = 0; i < spend.size(); ++i) {
    const double one = value_at(channels[i].curve, spend[i]);
    EXPECT_NEAR(all[i], one, 1e-13 * std::abs(one)) << to_string(channels[i].curve.family);
  }
}

TEST(lanes, want_what_each_channel_wants_by_itself) {
  for (const Curve& curve : {logarithm(9, 2), exponential(9, 2), mm(9, 2), power(3, 0.4),
                             hill(9, 2, 0.6), hill(9, 2, 3), quadratic(4, 0.3)}) {
    const double low = inflection_of(curve), high = 12;
    Lane lane;
    lane.family = curve.family;
    for (std::uint32_t i = 0; i < 5; ++i) lane.add(curve, low, high, 0, i, true);
    lane.finish();
    for (double price = 5; price > 1e-3; price *= 0.7) {
      const double x = best_at(curve, price, low, high).low;
      const LaneSums sums = look_at(lane, price, true, nullptr, nullptr);
      EXPECT_NEAR(sums.amount, 5 * (x - low), 1e-12 * high)
          << to_string(curve.family) << " " << price;
      EXPECT_NEAR(sums.returned, 5 * value_at(curve, x), 1e-12 * 9)
          << to_string(curve.family) << " " << price;
    }
  }
}

}  // namespace
}  // namespace autopilot::optimize
