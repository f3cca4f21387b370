#include "core/stats/brent.h"

#include <cmath>
#include <limits>

namespace autopilot::stats {
namespace {

constexpr int kMostSteps = 1001;

// Brent's names: b is the best point, a the one before, c the other side of the root.
struct Points {
  double a, b, c;
  double fa, fb, fc;

  // The better of b and c becomes b.
  void put_best_first() {
    if (std::abs(fc) >= std::abs(fb)) return;
    a = b;
    b = c;
    c = a;
    fa = fb;
    fb = fc;
    fc = fa;
  }

  // The step by interpolation, or by bisection where that would not get closer fast enough.
  double step(double before, double tolerance) const {
    const double half = (c - b) / 2;
    if (std::abs(before) < tolerance || std::abs(fa) <= std::abs(fb)) return half;
    const double width = c - b;
    double p, q;
    if (a == c) {  // linear
      const double s = fb / fa;
      p = width * s;
      q = 1 - s;
    } else {  // inverse quadratic
      const double u = fa / fc, v = fb / fc, w = fb / fa;
      p = w * (width * u * (u - v) - (b - a) * (v - 1));
      q = (u - 1) * (v - 1) * (w - 1);
    }
    if (p > 0) {
      q = -q;
    } else {
      p = -p;
    }
    const bool inside = p < 0.75 * width * q - std::abs(tolerance * q) / 2;
    return inside && p < std::abs(before * q / 2) ? p / q : half;
  }
};

}  // namespace

double brent_root(const std::function<double(double)>& f, Bracket bracket, double tolerance) {
  if (bracket.at_low == 0) return bracket.low;
  if (bracket.at_high == 0) return bracket.high;
  Points p{bracket.low, bracket.high, bracket.low, bracket.at_low, bracket.at_high, bracket.at_low};
  for (int i = 0; i < kMostSteps; ++i) {
    const double before = p.b - p.a;
    p.put_best_first();
    const double least = 2 * std::numeric_limits<double>::epsilon() * std::abs(p.b) + tolerance / 2;
    if (std::abs((p.c - p.b) / 2) <= least || p.fb == 0) return p.b;
    double step = p.step(before, least);
    if (std::abs(step) < least) step = std::copysign(least, step);
    p.a = p.b;
    p.fa = p.fb;
    p.b += step;
    p.fb = f(p.b);
    if ((p.fb > 0 && p.fc > 0) || (p.fb < 0 && p.fc < 0)) {
      p.c = p.a;
      p.fc = p.fa;
    }
  }
  return p.b;
}

}  // namespace autopilot::stats
