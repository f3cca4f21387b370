#pragma once
// A channel's return in a linear program: straight parts, which for a smooth curve are those of the
// least of some tangents. Pure.

#include <vector>

#include "core/optimize/problem.h"

namespace autopilot::optimize {

struct Shape {
  double start = 0;  // spend that is not decided on
  double value = 0;  // return there
  bool switched = false;
  std::vector<Stretch> parts;
  std::vector<double> tangents;  // of a smooth curve
};

struct ShapeLimits {
  double high = 0;                // no part goes beyond
  double amount = 1;              // the size of what is spent in all
  bool split_at_current = false;  // no part is on both sides of today's amount
};

// REQUIRES a concave curve.
Shape shape_of(const Channel& channel, const ShapeLimits& limits);
// False when there is one already, or the curve is straight.
bool add_tangent(const Channel& channel, const ShapeLimits& limits, Shape& shape, double x);

}  // namespace autopilot::optimize
