#include "core/optimize/linear_shape.h"

#include <algorithm>
#include <cmath>

namespace autopilot::optimize {
namespace {

constexpr std::size_t kManyTangents = 24;  // of one channel
constexpr double kCloser = 100;            // times, to where a curve is steepest
constexpr double kFirst[] = {1e-4, 1e-2, 0.1, 0.25, 0.5, 0.75};  // tangents, of the range

double cost_anyway(const Channel& c) { return c.min > 0 ? c.fixed_cost : 0; }

void split_at(double x, Shape& shape) {
  for (std::size_t k = 0; k < shape.parts.size(); ++k) {
    Stretch& part = shape.parts[k];
    if (!(part.low < x && x < part.high)) continue;
    const Stretch rest{x, part.high, part.slope, true};
    part.high = x;
    shape.parts.insert(shape.parts.begin() + static_cast<std::ptrdiff_t>(k) + 1, rest);
    return;
  }
}

void add_straight_parts(const Curve& curve, double low, double high, Shape& shape) {
  if (curve.family != Family::piecewise) {
    shape.parts.push_back({low, high, slope_at(curve, low), true});
    return;
  }
  double from = low;
  const auto until = [&](double to) {
    if (!(to > from)) return;
    shape.parts.push_back(
        {from, to, (value_at(curve, to) - value_at(curve, from)) / (to - from), true});
    from = to;
  };
  for (const Point& p : curve.points) {
    if (p.x > low) until(std::min(p.x, high));
  }
  if (high > from) shape.parts.push_back({from, high, 0, true});
}

void add_first_tangents(const Channel& c, const ShapeLimits& limits, Shape& shape) {
  const double low = c.min;
  const bool open = std::isinf(limits.high);
  const double end = open ? low + 10 * std::max(c.curve.b, limits.amount) : limits.high;
  const auto add = [&](double x) { shape.tangents.push_back(x); };
  if (std::isfinite(slope_at(c.curve, low))) add(low);
  for (const double share : kFirst) add(low + share * (end - low));
  add(end);
  // Without an end, far out too: else what still rises at the last one would seem endless.
  for (double x = end * 1e2; open && x < end * 1e9; x *= 1e2) add(x);
  if (c.current > low && c.current < end) add(c.current);
  std::sort(shape.tangents.begin(), shape.tangents.end());
  shape.tangents.erase(std::unique(shape.tangents.begin(), shape.tangents.end()),
                       shape.tangents.end());
}

// Straight parts of the least of all tangents.
void bend(const Channel& c, const ShapeLimits& limits, Shape& shape) {
  const auto line = [&](double t, double x) {
    return value_at(c.curve, t) + slope_at(c.curve, t) * (x - t);
  };
  shape.parts.clear();
  shape.value = line(shape.tangents.front(), c.min) - cost_anyway(c);
  double from = c.min;
  for (std::size_t k = 0; k < shape.tangents.size(); ++k) {
    const double t = shape.tangents[k], slope = slope_at(c.curve, t);
    double to = limits.high;
    if (k + 1 < shape.tangents.size()) {
      const double next = shape.tangents[k + 1], other = slope_at(c.curve, next);
      if (!(slope > other)) continue;
      to = std::clamp((line(next, 0) - line(t, 0)) / (slope - other), t, next);
    }
    if (to > from) shape.parts.push_back({from, to, slope, true});
    from = std::max(from, to);
  }
  if (limits.split_at_current) split_at(c.current, shape);
}

}  // namespace

Shape shape_of(const Channel& c, const ShapeLimits& limits) {
  Shape shape;
  shape.start = c.min;
  shape.value = value_at(c.curve, c.min) - cost_anyway(c);
  if (!(limits.high > c.min)) return shape;
  if (is_straight(c.curve)) {
    add_straight_parts(c.curve, c.min, limits.high, shape);
    if (limits.split_at_current) split_at(c.current, shape);
    return shape;
  }
  add_first_tangents(c, limits, shape);
  bend(c, limits, shape);
  return shape;
}

bool add_tangent(const Channel& c, const ShapeLimits& limits, Shape& shape, double x) {
  if (shape.tangents.empty()) return false;
  if (!std::isfinite(slope_at(c.curve, x))) {
    // There is no tangent, but as close as may be.
    const double at = x;
    x = x + (shape.tangents.front() - x) / kCloser;
    if (!(x > at) || !std::isfinite(slope_at(c.curve, x))) return false;
  }
  const auto at = std::lower_bound(shape.tangents.begin(), shape.tangents.end(), x);
  const double near = 1e-12 * std::max(1e-300, std::abs(x));
  if (at != shape.tangents.end() && std::abs(*at - x) <= near) return false;
  if (at != shape.tangents.begin() && std::abs(*(at - 1) - x) <= near) return false;
  shape.tangents.insert(at, x);
  while (shape.tangents.size() > kManyTangents) {
    // The one furthest from the answer: dropping it only loosens the bound.
    if (x - shape.tangents.front() > shape.tangents.back() - x)
      shape.tangents.erase(shape.tangents.begin());
    else
      shape.tangents.pop_back();
  }
  bend(c, limits, shape);
  return true;
}

}  // namespace autopilot::optimize
