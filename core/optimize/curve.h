#pragma once
// What a channel returns for what it is given: the families of response curves, their slopes, where
// they turn concave, and the spend that is best at a price. Pure.

#include <limits>
#include <string_view>
#include <vector>

namespace autopilot::optimize {

inline constexpr double kInfinity = std::numeric_limits<double>::infinity();

enum class Family {
  linear,            // a x
  logarithm,         // a ln(1 + x / b)
  power,             // a x^s
  exponential,       // a (1 - e^(-x / b))
  hill,              // a x^s / (b^s + x^s)
  michaelis_menten,  // a x / (b + x)
  quadratic,         // a x - b x^2 / 2
  piecewise,         // straight between `points`
};
std::string_view to_string(Family family);

struct Point {
  double x = 0, y = 0;
};

struct Curve {
  Family family = Family::linear;
  double a = 0, b = 1, s = 1;
  double carry = 0;           // what is carried over: f(x) = g(x + carry) - g(carry)
  std::vector<Point> points;  // piecewise: x rising
};

// Of money and of returns: what is more overflows in products.
inline constexpr double kMostAmount = 1e30;

// "" or what is wrong with it.
std::string_view fault_of(const Curve& curve);

double value_at(const Curve& curve, double x);
double slope_at(const Curve& curve, double x);      // from the right; infinite where it is
double slope_before(const Curve& curve, double x);  // from the left
// Where the curve turns concave: it is convex up to there. REQUIRES not piecewise.
double inflection_of(const Curve& curve);
bool is_concave(const Curve& curve, double low, double high);
bool is_straight(const Curve& curve);  // linear or piecewise

// The x in [low, high] with the greatest value_at(x) - price x - penalty x^2 / 2: the least and the
// greatest of them where several are best. The curve need not be concave.
struct Best {
  double low = 0, high = 0;
  double value = 0;
};
Best best_at(const Curve& curve, double price, double low, double high, double penalty = 0);

// Where the smooth concave part has the slope `price`, without bounds. REQUIRES a family with a
// slope that falls strictly: not linear, not piecewise.
double where_slope_is(const Curve& curve, double price);

// One straight or smooth concave part of a concave curve.
struct Stretch {
  double low = 0, high = 0;
  double slope = 0;  // of a straight one
  bool straight = true;
};
// The least concave function above the curve on [low, high], from left to right: straight where it
// leaves the curve.
std::vector<Stretch> concave_envelope(const Curve& curve, double low, double high);
double envelope_at(const Curve& curve, const std::vector<Stretch>& envelope, double x);

// Solves (s-1) w - 2 ln(1 + e^(s w)) = target from a start at or right of the root: the logarithm
// of x / b at which a Hill curve has a slope.
double hill_logarithm(double s, double target, double start);

}  // namespace autopilot::optimize
