// Channels side by side near a price: one polynomial against a look at each of them.
#include "core/optimize/pool.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/optimize/name_index.h"
#include "tests/optimize/problems.h"

namespace autopilot::optimize {
namespace {

using namespace testing;  // NOLINT

Curve smooth_curve(Dice& dice, double money, double worth) {
  const double a = worth * dice.real(1, 50), b = money * dice.real(0.5, 50);
  Curve out;
  switch (dice.whole(0, 6)) {
    case 0:
      out = logarithm(a, b);
      break;
    case 1:
      out = power(a / std::pow(b, 0.6) / 4, dice.real(0.05, 0.97));
      break;
    case 2:
      out = exponential(a, b);
      break;
    case 3:
      out = hill(a, b, dice.real(0.2, 0.999));
      break;
    case 4:
      out = hill(a, b, dice.real(1.01, 4));
      break;
    case 5:
      out = mm(a, b);
      break;
    default:
      return quadratic(a / b, a / b / b / 20);
  }
  if (dice.whole(0, 3) == 0) out.carry = b * dice.real(0, 2);
  return out;
}

// Prices at which some are empty, some full and some between.
void fill(Pool& pool, Dice& dice, double money, double worth, double& all, double& returned) {
  for (std::size_t i = 0; i < 400; ++i) {
    const Curve curve = smooth_curve(dice, money, worth);
    const double low = std::max(inflection_of(curve), dice.heads() ? 0 : money * dice.real(0, 5));
    const double high = low + money * dice.real(1, 60);
    pool.add_base(low);
    pool.add_smooth(i, curve, low, high, 0, 0);
    all += high;
    returned += value_at(curve, high);
  }
  pool.finish();
}

TEST(pool, near_a_price_wants_and_returns_what_its_channels_do) {
  for (unsigned seed = 1; seed <= 60; ++seed) {
    Dice once(seed), twice(seed);
    const double money = std::pow(10.0, 3.0 * (seed % 7) - 9), worth = std::pow(10.0, seed % 5);
    Pool plain(true), near(true);
    double all = 0, returned = 0;
    fill(near, once, money, worth, all, returned);
    fill(plain, twice, money, worth, all = 0, returned = 0);
    const double price = worth / money * std::pow(10.0, once.real(-3, 0.5)), reach = 0.03;
    ASSERT_TRUE(near.expect_near(price, reach));
    for (double u = -1.5 * reach; u <= 1.5 * reach; u += reach / 7) {
      const double at = price * std::exp(u);
      const Demand a = plain.demand(at, true), b = near.demand(at, true);
      EXPECT_NEAR(a.low, b.low, 2e-15 * all) << seed << ' ' << u;
      EXPECT_NEAR(a.returned, b.returned, 4e-15 * returned) << seed << ' ' << u;
      EXPECT_NEAR(a.fall * at, b.fall * at, 1e-12 * all) << seed << ' ' << u;
    }
  }
}

// Near its turn, where what is wanted changes fastest, what was known must not lead astray.
TEST(lanes, of_steep_hill_curves_follow_a_price_up_and_down) {
  for (unsigned seed = 1; seed <= 500; ++seed) {
    Dice dice(seed);
    Curve curve = hill(dice.real(1, 50), dice.real(0.5, 50), dice.real(1.01, 4));
    if (dice.heads()) curve.carry = curve.b * dice.real(0, 2);
    const double low = inflection_of(curve), high = low + dice.real(1, 60);
    const double top = slope_at(curve, low);
    Lane lane;
    lane.family = Family::hill;
    lane.add(curve, low, high, 0, 0, true);
    lane.finish();
    double price = top * dice.real(0.3, 1.02);
    for (int i = 0; i < 40; ++i) {
      const double wanted = look_at(lane, price, true, nullptr, nullptr).amount + low;
      ASSERT_NEAR(wanted, best_at(curve, price, low, high).low, 1e-7 * high) << seed << ' ' << i;
      price *= std::exp(dice.real(-0.06, 0.06));
      if (price > top * 1.05) price = top * 0.97;
    }
  }
}

TEST(pool, with_penalties_is_not_expanded) {
  Pool pool(true);
  pool.add_smooth(0, logarithm(9, 2), 0, 5, 0, 0.1);
  pool.finish();
  EXPECT_FALSE(pool.expect_near(1, 0.03));
}

TEST(pool, steps_are_in_the_order_of_slope_and_channel_however_many) {
  for (const std::size_t n : {10, 5000}) {
    Pool pool;
    Dice dice(4);
    double all = 0, top = -3, least = 3;
    for (std::size_t i = 0; i < n; ++i) {
      double slope = std::round(dice.real(-3, 3) * 8) / 8;
      if (i % 9 == 0) slope *= 1e-300;
      const double width = dice.real(1, 2);
      pool.add_step(n - i, width, slope);
      all += width;
      top = std::max(top, slope);
      least = std::min(least, slope);
    }
    pool.finish();
    EXPECT_NEAR(pool.demand(-4).low, all, 1e-12 * all);
    EXPECT_EQ(pool.demand(4).high, 0);
    EXPECT_EQ(pool.demand(-0.0).low, pool.demand(0.0).low);
    double before = 0;
    for (double price = 3.5; price > -3.5; price -= 1.0 / 16) {
      const double wanted = pool.demand(price).low;
      EXPECT_GE(wanted, before) << price;
      before = wanted;
    }
    EXPECT_EQ(pool.top_slope(), top);
    EXPECT_EQ(pool.least_slope(), least);
  }
}

TEST(name_index, finds_what_was_added_and_nothing_else) {
  std::vector<std::string> names;
  NameIndex index;
  const auto at = [&](std::size_t i) -> std::string_view { return names[i]; };
  EXPECT_FALSE(index.find("c0", at));
  for (std::size_t i = 0; i < 3000; ++i) {
    names.push_back(i == 7 ? "" : "c" + std::to_string(i));
    ASSERT_TRUE(index.add(names.back(), i, at));
  }
  EXPECT_FALSE(index.add("c2999", 3000, at));
  for (std::size_t i = 0; i < names.size(); ++i) EXPECT_EQ(index.find(names[i], at), i);
  EXPECT_FALSE(index.find("c7", at));
  EXPECT_FALSE(index.find("c3000", at));
}

}  // namespace
}  // namespace autopilot::optimize
