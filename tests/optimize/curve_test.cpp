// Curves: slopes against differences, envelopes above the curve, the best spend at a price.
#include "core/optimize/curve.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/optimize/problems.h"

namespace autopilot::optimize {
namespace {

using namespace testing;  // NOLINT

std::vector<Curve> all_curves() {
  std::vector<Curve> out{linear(2),          logarithm(30, 4), power(3, 0.4),
                         exponential(20, 5), hill(40, 6, 0.6), hill(40, 6, 1),
                         hill(40, 6, 2.5),   mm(30, 7),        quadratic(4, 0.1)};
  Curve carried = hill(40, 6, 2.5);
  carried.carry = 3;
  out.push_back(carried);
  return out;
}

TEST(curve, a_slope_is_that_of_its_values) {
  for (const Curve& c : all_curves()) {
    for (const double x : {0.5, 2.0, 9.0, 30.0}) {
      const double h = 1e-5;
      EXPECT_NEAR(slope_at(c, x), (value_at(c, x + h) - value_at(c, x - h)) / (2 * h), 1e-6)
          << to_string(c.family) << " at " << x;
    }
    EXPECT_NEAR(value_at(c, 0), 0, 1e-12);
  }
}

TEST(curve, where_the_slope_is_a_price_it_is) {
  for (const Curve& c : all_curves()) {
    if (is_straight(c)) continue;
    for (const double x : {5.0, 9.0, 25.0}) {
      if (x < inflection_of(c)) continue;
      EXPECT_NEAR(where_slope_is(c, slope_at(c, x)), x, 1e-8 * x) << to_string(c.family);
    }
  }
}

TEST(curve, its_envelope_is_concave_and_above_it_and_touches_it) {
  for (const Curve& c : all_curves()) {
    const double low = 0.5, high = 40;
    const auto envelope = concave_envelope(c, low, high);
    double before = kInfinity, least = kInfinity;
    for (double x = low + 0.1; x < high; x += 0.1) {
      const double e = envelope_at(c, envelope, x);
      EXPECT_GE(e, value_at(c, x) - 1e-9);
      least = std::min(least, e - value_at(c, x));
      const double slope = (envelope_at(c, envelope, x) - envelope_at(c, envelope, x - 0.1)) / 0.1;
      EXPECT_LE(slope, before + 1e-9) << to_string(c.family) << " at " << x;
      before = slope;
    }
    EXPECT_NEAR(least, 0, 1e-9) << to_string(c.family);
  }
}

TEST(curve, no_spend_of_a_grid_is_better_than_the_best_at_a_price) {
  for (const Curve& c : all_curves()) {
    for (const double price : {-1.0, 0.01, 0.5, 1.9, 2.1, 8.0}) {
      for (const double penalty : {0.0, 0.3}) {
        const Best best = best_at(c, price, 0, 50, penalty);
        for (double x = 0; x <= 50; x += 0.05)
          EXPECT_LE(value_at(c, x) - price * x - penalty * x * x / 2,
                    best.value + 1e-9 * std::max(1.0, std::abs(best.value)))
              << to_string(c.family) << " " << price << " " << x;
      }
    }
  }
}

TEST(curve, of_points_is_flat_beyond_them) {
  const Curve c = piecewise({{1, 2}, {3, 6}, {5, 7}});
  EXPECT_EQ(value_at(c, 0), 2);
  EXPECT_EQ(value_at(c, 2), 4);
  EXPECT_EQ(value_at(c, 9), 7);
  EXPECT_TRUE(is_concave(c, 1, 9));
  EXPECT_FALSE(is_concave(c, 0, 9));
}

TEST(curve, what_is_wrong_with_it_is_said) {
  EXPECT_EQ(fault_of(logarithm(3, 1)), "");
  EXPECT_NE(fault_of(logarithm(3, 0)), "");
  EXPECT_NE(fault_of(power(3, 1.2)), "");
  EXPECT_NE(fault_of(quadratic(3, -1)), "");
  EXPECT_NE(fault_of(hill(3, 1, 0)), "");
  EXPECT_NE(fault_of(piecewise({{0, 0}})), "");
  EXPECT_NE(fault_of(piecewise({{0, 0}, {0, 1}})), "");
  EXPECT_NE(fault_of(exponential(std::nan(""), 1)), "");
}

}  // namespace
}  // namespace autopilot::optimize
