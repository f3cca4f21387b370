#include "core/stats/special.h"

#include <boost/math/distributions/students_t.hpp>
#include <boost/math/special_functions/beta.hpp>
#include <cmath>
#include <exception>
#include <numbers>

#include "core/base/error.h"
#include "core/stats/normal.h"

namespace autopilot::stats {
namespace {

// Boost promotes to long double unless told not to: twice the time for digits that nobody asked
// for.
using Policy = boost::math::policies::policy<boost::math::policies::promote_double<false>>;

template <typename F>
double guarded(const F& f) {
  try {
    return f();
  } catch (const std::exception& e) {
    throw Error(ErrorKind::bug, e.what());
  }
}

}  // namespace

double beta_cdf(double alpha, double beta, double x) {
  return guarded([&] { return boost::math::ibeta(alpha, beta, x, Policy()); });
}

double beta_quantile(double alpha, double beta, double p) {
  return guarded([&] { return boost::math::ibeta_inv(alpha, beta, p, Policy()); });
}

double student_peak(double freedom) {
  if (std::isinf(freedom)) return 1 / std::sqrt(2 * std::numbers::pi);
  return guarded([&] {
    const double ratio = boost::math::tgamma_delta_ratio(freedom / 2, 0.5, Policy());
    return 1 / (ratio * std::sqrt(freedom * std::numbers::pi));
  });
}

double student_cdf(double freedom, double x) {
  if (std::isinf(freedom)) return normal_cdf(x);
  return guarded([&] {
    return boost::math::cdf(boost::math::students_t_distribution<double, Policy>(freedom), x);
  });
}

double student_quantile(double freedom, double p) {
  if (std::isinf(freedom)) return normal_quantile(p);
  return guarded([&] {
    return boost::math::quantile(boost::math::students_t_distribution<double, Policy>(freedom), p);
  });
}

}  // namespace autopilot::stats
