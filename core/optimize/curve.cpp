#include "core/optimize/curve.h"

#include <algorithm>
#include <cmath>

namespace autopilot::optimize {
namespace {

constexpr int kMostSteps = 200;

double hill(double ratio, double s) {
  const double r = std::pow(ratio, s);
  return std::isinf(r) ? 1 : r / (1 + r);
}

double plain_value(const Curve& c, double x) {
  switch (c.family) {
    case Family::linear:
      return c.a * x;
    case Family::logarithm:
      return c.a * std::log1p(x / c.b);
    case Family::power:
      return x <= 0 ? 0 : c.a * std::pow(x, c.s);
    case Family::exponential:
      return -c.a * std::expm1(-x / c.b);
    case Family::hill:
      return x <= 0 ? 0 : c.a * hill(x / c.b, c.s);
    case Family::michaelis_menten:
      return std::isinf(x) ? c.a : c.a * x / (c.b + x);
    case Family::quadratic:
      return x * (c.a - c.b * x / 2);
    case Family::piecewise:
      break;
  }
  return 0;
}

// Slope of a Hill curve: a s/b r^(s-1) / (1 + r^s)^2 with r = x / b.
double hill_slope(const Curve& c, double x) {
  if (x <= 0) return c.s < 1 ? kInfinity : c.s == 1 ? c.a / c.b : 0;
  const double r = std::pow(x / c.b, c.s);
  if (std::isinf(r)) return 0;
  return c.a * c.s * (r / x) / ((1 + r) * (1 + r));
}

double plain_slope(const Curve& c, double x) {
  switch (c.family) {
    case Family::linear:
      return c.a;
    case Family::logarithm:
      return c.a / (c.b + x);
    case Family::power:
      if (c.s == 1) return c.a;
      return x <= 0 ? (c.a > 0 ? kInfinity : 0) : c.a * c.s * std::pow(x, c.s - 1);
    case Family::exponential:
      return c.a / c.b * std::exp(-x / c.b);
    case Family::hill:
      return hill_slope(c, x);
    case Family::michaelis_menten:
      return c.a * c.b / ((c.b + x) * (c.b + x));
    case Family::quadratic:
      return c.a - c.b * x;
    case Family::piecewise:
      break;
  }
  return 0;
}

double piece_slope(const Point& p, const Point& q) { return (q.y - p.y) / (q.x - p.x); }

// Index of the segment that starts at points[i] and holds x; the last one goes on flat.
double piecewise_value(const std::vector<Point>& points, double x) {
  if (points.empty()) return 0;
  if (x <= points.front().x) return points.front().y;
  if (x >= points.back().x) return points.back().y;
  const auto after = std::upper_bound(points.begin(), points.end(), x,
                                      [](double v, const Point& p) { return v < p.x; });
  const Point &p = *(after - 1), &q = *after;
  return p.y + (q.y - p.y) * ((x - p.x) / (q.x - p.x));
}

double piecewise_slope(const std::vector<Point>& points, double x, bool before) {
  for (std::size_t i = 1; i < points.size(); ++i) {
    const bool within =
        before ? x > points[i - 1].x && x <= points[i].x : x >= points[i - 1].x && x < points[i].x;
    if (within) return piece_slope(points[i - 1], points[i]);
  }
  return 0;
}

double cross(const Point& o, const Point& p, const Point& q) {
  return (p.x - o.x) * (q.y - o.y) - (p.y - o.y) * (q.x - o.x);
}

std::vector<Stretch> hull(const Curve& curve, double low, double high) {
  std::vector<Point> upper;
  const auto add = [&](const Point& p) {
    while (upper.size() >= 2 && cross(upper[upper.size() - 2], upper.back(), p) >= 0)
      upper.pop_back();
    upper.push_back(p);
  };
  add({low, value_at(curve, low)});
  for (const Point& p : curve.points) {
    if (p.x > low && p.x < high) add(p);
  }
  if (high > low) {
    const double end = std::isinf(high) ? std::max(low, curve.points.back().x) : high;
    if (end > upper.back().x) add({end, value_at(curve, end)});
  }
  std::vector<Stretch> out;
  for (std::size_t i = 1; i < upper.size(); ++i)
    out.push_back({upper[i - 1].x, upper[i].x, piece_slope(upper[i - 1], upper[i]), true});
  return out;
}

// Where a line from (low, f(low)) touches the concave part.
double touching(const Curve& curve, double low, double from, double high) {
  const double base = value_at(curve, low);
  const auto above = [&](double t) {
    return value_at(curve, t) - base - slope_at(curve, t) * (t - low);
  };
  double a = std::max(from, low), b = high;
  if (std::isinf(b)) {
    b = std::max(2 * a, a + curve.b);
    for (int i = 0; i < kMostSteps && above(b) < 0; ++i) b *= 2;
  }
  if (above(b) <= 0) return high;
  for (int i = 0; i < kMostSteps; ++i) {
    const double middle = a + (b - a) / 2;
    if (middle <= a || middle >= b) break;
    (above(middle) < 0 ? a : b) = middle;
  }
  return b;
}

double penalised_argument(const Curve& curve, double price, double low, double high,
                          double penalty) {
  const auto gain = [&](double x) { return slope_at(curve, x) - price - penalty * x; };
  if (!(gain(low) > 0)) return low;
  double a = low, b = high;
  if (std::isinf(b)) {
    b = std::max(1.0, 2 * low);
    while (gain(b) > 0 && b < 1e300) b *= 2;
  } else if (slope_before(curve, b) - price - penalty * b >= 0) {
    return b;
  }
  for (int i = 0; i < kMostSteps; ++i) {
    const double middle = a + (b - a) / 2;
    if (middle <= a || middle >= b) break;
    (gain(middle) > 0 ? a : b) = middle;
  }
  return a;
}

// Of a strictly concave part [low, high].
double concave_argument(const Curve& curve, double price, double low, double high, double penalty) {
  if (penalty > 0) return penalised_argument(curve, price, low, high, penalty);
  return std::clamp(where_slope_is(curve, price), low, high);
}

}  // namespace

std::string_view to_string(Family family) {
  constexpr std::string_view names[] = {"linear", "log", "power",     "exponential",
                                        "hill",   "mm",  "quadratic", "piecewise"};
  return names[static_cast<std::size_t>(family)];
}

std::string_view fault_of(const Curve& c) {
  constexpr double kLeastScale = 1e-30, kMostShape = 1e3;
  if (!std::isfinite(c.a) || !std::isfinite(c.b) || !std::isfinite(c.s)) return "is not a number";
  if (std::abs(c.a) > kMostAmount || c.b > kMostAmount || c.carry > kMostAmount)
    return "has a number beyond 1e30";
  if (!std::isfinite(c.carry) || c.carry < 0) return "has a negative carry-over";
  const bool scaled = c.family != Family::linear && c.family != Family::power &&
                      c.family != Family::quadratic && c.family != Family::piecewise;
  if (scaled && c.b <= 0) return "has a scale that is not above 0";
  if (scaled && c.b < kLeastScale) return "has a scale below 1e-30";
  if (c.family != Family::linear && c.family != Family::quadratic && c.a < 0)
    return "falls: its size is below 0";
  if (c.family == Family::quadratic && c.b < 0) return "is convex: its curvature is below 0";
  if (c.family == Family::power && (c.s <= 0 || c.s > 1))
    return "has an exponent outside of (0, 1]";
  if (c.family == Family::hill && c.s <= 0) return "has a shape that is not above 0";
  if (c.family == Family::hill && c.s > kMostShape) return "has a shape above 1000";
  if (c.family != Family::piecewise) return "";
  if (c.points.size() < 2) return "has fewer than two points";
  for (std::size_t i = 0; i < c.points.size(); ++i) {
    if (!std::isfinite(c.points[i].x) || !std::isfinite(c.points[i].y)) return "is not a number";
    if (std::abs(c.points[i].x) > kMostAmount || std::abs(c.points[i].y) > kMostAmount)
      return "has a number beyond 1e30";
    if (i > 0 && c.points[i].x <= c.points[i - 1].x) return "has points that do not rise";
  }
  return "";
}

double value_at(const Curve& curve, double x) {
  if (curve.family == Family::piecewise) return piecewise_value(curve.points, x);
  if (curve.carry == 0 || curve.family == Family::linear) return plain_value(curve, x);
  return plain_value(curve, x + curve.carry) - plain_value(curve, curve.carry);
}

double slope_at(const Curve& curve, double x) {
  if (curve.family == Family::piecewise) return piecewise_slope(curve.points, x, false);
  return plain_slope(curve, x + curve.carry);
}

double slope_before(const Curve& curve, double x) {
  if (curve.family == Family::piecewise) return piecewise_slope(curve.points, x, true);
  return plain_slope(curve, x + curve.carry);
}

double inflection_of(const Curve& curve) {
  if (curve.family != Family::hill || curve.s <= 1) return 0;
  const double at = curve.b * std::pow((curve.s - 1) / (curve.s + 1), 1 / curve.s);
  return std::max(0.0, at - curve.carry);
}

bool is_straight(const Curve& curve) {
  if (curve.family == Family::quadratic) return curve.b == 0;
  return curve.family == Family::linear || curve.family == Family::piecewise ||
         (curve.family == Family::power && curve.s == 1) || curve.a == 0;
}

bool is_concave(const Curve& curve, double low, double high) {
  if (curve.family != Family::piecewise) return high <= low || inflection_of(curve) <= low;
  double before = kInfinity;
  for (std::size_t i = 1; i < curve.points.size(); ++i) {
    const Point &p = curve.points[i - 1], &q = curve.points[i];
    if (q.x <= low || p.x >= high) continue;
    const double slope = piece_slope(p, q);
    if (slope > before + 1e-12 * std::abs(before)) return false;
    before = slope;
  }
  const Point &first = curve.points.front(), &last = curve.points.back();
  // It is flat on both sides of its points.
  if (low < first.x && high > first.x && piece_slope(first, curve.points[1]) > 0) return false;
  return high <= last.x || before >= 0;
}

double hill_logarithm(double s, double target, double start) {
  double w = start;
  for (int i = 0; i < 60; ++i) {
    const double e = std::exp(s * w);
    if (std::isinf(e)) return -target / (s + 1);
    const double off = (s - 1) * w - 2 * std::log1p(e) - target;
    const double slope = (s - 1) - 2 * s * (e / (1 + e));
    const double next = w - off / slope;
    // Newton's error is about the square of its last step.
    if (std::abs(next - w) <= 1e-9 * std::max(1.0, std::abs(w))) return next;
    w = next;
  }
  return w;
}

double where_slope_is(const Curve& c, double price) {
  if (c.family == Family::quadratic)
    return c.b > 0 ? (c.a - price) / c.b - c.carry : (price < c.a ? kInfinity : -kInfinity);
  if (price <= 0) return kInfinity;
  if (c.a <= 0) return -kInfinity;
  switch (c.family) {
    case Family::logarithm:
      return c.a / price - c.b - c.carry;
    case Family::exponential:
      return c.b * (std::log(c.a / c.b) - std::log(price)) - c.carry;
    case Family::michaelis_menten:
      return std::sqrt(c.a * c.b) / std::sqrt(price) - c.b - c.carry;
    case Family::power:
      if (c.s == 1) return price < c.a ? kInfinity : -kInfinity;
      return std::exp((std::log(c.a * c.s) - std::log(price)) / (1 - c.s)) - c.carry;
    case Family::hill: {
      const double target = std::log(price) - std::log(c.a * c.s / c.b);
      if (c.s >= 1) {
        const double w = c.s == 1 ? -kInfinity : std::log((c.s - 1) / (c.s + 1)) / c.s;
        const double most = c.s == 1 ? 0 : (c.s - 1) * w - 2 * std::log1p(std::exp(c.s * w));
        if (target >= most) return std::isinf(w) ? -kInfinity : c.b * std::exp(w) - c.carry;
      }
      double start = 0;
      if (target < -2 * std::log(2.0)) start = -target / (c.s + 1);
      if (target > 0 && c.s < 1) start = target / (c.s - 1);
      return c.b * std::exp(hill_logarithm(c.s, target, start)) - c.carry;
    }
    default:
      return price < c.a ? kInfinity : -kInfinity;
  }
}

std::vector<Stretch> concave_envelope(const Curve& curve, double low, double high) {
  if (!(high > low)) return {};
  if (curve.family == Family::piecewise) return hull(curve, low, high);
  if (is_straight(curve)) return {{low, high, slope_at(curve, low), true}};
  const double turn = inflection_of(curve);
  if (turn <= low) return {{low, high, 0, false}};
  const double touch = touching(curve, low, turn, high);
  std::vector<Stretch> out;
  out.push_back(
      {low, touch, (value_at(curve, touch) - value_at(curve, low)) / (touch - low), true});
  if (touch < high) out.push_back({touch, high, 0, false});
  return out;
}

double envelope_at(const Curve& curve, const std::vector<Stretch>& envelope, double x) {
  for (const Stretch& part : envelope) {
    if (x > part.high) continue;
    if (!part.straight) return value_at(curve, x);
    return value_at(curve, part.low) + part.slope * (x - part.low);
  }
  return value_at(curve, x);
}

Best best_at(const Curve& curve, double price, double low, double high, double penalty) {
  Best best{low, low, -kInfinity};
  const auto offer = [&](double x) {
    const double value =
        std::isinf(x) ? kInfinity : value_at(curve, x) - price * x - penalty * x * x / 2;
    const double margin = 1e-13 * std::max(std::abs(value), std::abs(best.value));
    if (value > best.value + (std::isfinite(margin) ? margin : 0)) {
      best = {x, x, value};
    } else if (value >= best.value - (std::isfinite(margin) ? margin : 0)) {
      best.low = std::min(best.low, x);
      best.high = std::max(best.high, x);
    }
  };
  const bool strict = !is_straight(curve) && curve.family != Family::piecewise;
  if (strict && high > low && inflection_of(curve) <= low) {
    offer(concave_argument(curve, price, low, high, penalty));
    return best;
  }
  offer(low);
  if (!(high > low)) return best;
  if (curve.family == Family::piecewise) {
    for (std::size_t i = 0; i < curve.points.size(); ++i) {
      const Point& p = curve.points[i];
      if (p.x > low && p.x < high) offer(p.x);
      if (penalty <= 0 || i == 0) continue;
      const double peak = (piece_slope(curve.points[i - 1], p) - price) / penalty;
      if (peak > std::max(low, curve.points[i - 1].x) && peak < std::min(high, p.x)) offer(peak);
    }
    if (std::isfinite(high) || price < 0) offer(high);
    return best;
  }
  if (is_straight(curve)) {
    const double slope = slope_at(curve, low);
    if (penalty > 0)
      offer(std::clamp((slope - price) / penalty, low, high));
    else if (std::isfinite(high) || slope > price)
      offer(high);
    return best;
  }
  const double from = std::max(low, inflection_of(curve));
  if (from < high) offer(concave_argument(curve, price, from, high, penalty));
  if (std::isfinite(high)) offer(high);
  return best;
}

}  // namespace autopilot::optimize
