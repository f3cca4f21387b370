#include "core/stats/gauss_legendre.h"

#include <cmath>
#include <numbers>

namespace autopilot::stats {
namespace {

constexpr std::size_t kN = GaussLegendre::kNodes;

// P_0(x) to P_n(x).
std::array<double, kN + 1> legendre(double x) {
  std::array<double, kN + 1> p{1, x};
  for (std::size_t n = 1; n < kN; ++n) {
    const double m = static_cast<double>(n);
    p[n + 1] = ((2 * m + 1) * x * p[n] - m * p[n - 1]) / (m + 1);
  }
  return p;
}

double slope(double x, const std::array<double, kN + 1>& p) {
  return static_cast<double>(kN) * (x * p[kN] - p[kN - 1]) / (x * x - 1);
}

double root(std::size_t i) {
  double x = -std::cos(std::numbers::pi * (static_cast<double>(i) + 0.75) / (kN + 0.5));
  for (int step = 0; step < 8; ++step) {
    const auto p = legendre(x);
    x -= p[kN] / slope(x, p);
  }
  return x;
}

GaussLegendre make() {
  GaussLegendre out;
  std::array<std::array<double, kN + 1>, kN> p;
  for (std::size_t i = 0; i < kN; ++i) {
    const double x = root(i);
    p[i] = legendre(x);
    const double d = slope(x, p[i]);
    out.node[i] = x;
    out.weight[i] = 2 / ((1 - x * x) * d * d);
  }
  // The interpolating polynomial in Legendre's basis, integrated term by term.
  for (std::size_t i = 0; i < kN; ++i) {
    for (std::size_t k = 0; k < kN; ++k) {
      double sum = (1 - out.node[k]) / 2;
      for (std::size_t n = 1; n < kN; ++n) sum += p[i][n] * (p[k][n - 1] - p[k][n + 1]) / 2;
      out.to_right[i][k] = out.weight[i] * sum;
    }
  }
  return out;
}

}  // namespace

const GaussLegendre& gauss_legendre() {
  static const GaussLegendre rule = make();
  return rule;
}

}  // namespace autopilot::stats
