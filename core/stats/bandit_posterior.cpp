#include "core/stats/bandit_posterior.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "core/stats/special.h"

namespace autopilot::stats {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kOutside = 1e-15;  // mass beyond an end, at most about
// The logistic function has poles at a distance of pi from the axis, which no longer matter where
// it is 0 or 1 to the last digit.
constexpr double kLongest = 1.5;
constexpr double kFlat = 37;
constexpr double kWidths = 2;  // standard deviations that such a polynomial follows
// A logarithm so large costs 1e-12 of what it is the logarithm of.
constexpr double kMostPowers = 1e4;

// log Gamma(x) less Stirling's (x - 1/2) log x - x + log(2 pi) / 2.
double stirling_rest(double x) {
  if (x < 16) {
    return std::lgamma(x) - ((x - 0.5) * std::log(x) - x + std::log(2 * std::numbers::pi) / 2);
  }
  const double y = 1 / (x * x);
  return (1.0 / 12 - y * (1.0 / 360 - y * (1.0 / 1260 - y * (1.0 / 1680 - y / 1188)))) / x;
}

// The density of the logit of a Beta variable at the logit of its mean: what is large in the Gamma
// functions cancels before it is computed (Loader, Fast and Accurate Computation of Binomial
// Probabilities, 2000).
double beta_peak(double a, double b) {
  return std::sqrt(a / (a + b) * b / (2 * std::numbers::pi)) *
         std::exp(stirling_rest(a + b) - stirling_rest(a) - stirling_rest(b));
}

}  // namespace

double logistic(double t) { return t >= 0 ? 1 / (1 + std::exp(-t)) : 1 - 1 / (1 + std::exp(t)); }

Posterior Posterior::beta(double alpha, double beta) {
  return Posterior(Family::beta, alpha, beta, 0);
}

Posterior Posterior::student(double location, double scale, double freedom) {
  return Posterior(Family::student, location, scale, freedom);
}

Posterior Posterior::normal(double mean, double deviation) {
  return student(mean, deviation, kInfinity);
}

Posterior::Posterior(Family family, double a, double b, double freedom)
    : family_(family), a_(a), b_(b), freedom_(freedom) {
  if (family == Family::beta) {
    x_ = a / (a + b);
    center_ = std::log(a / b);
    width_ = std::sqrt((a + b) / a / b);
    peak_ = beta_peak(a, b);
    const AxisPoint top = point(center_);
    const double powers = a * top.log_mean + b * top.log_rest;
    log_scale_ = std::log(peak_) - powers;
    is_small_ = -powers < kMostPowers;
  } else {
    center_ = a;
    width_ = b;
    peak_ = student_peak(freedom) / b;
  }
  low_ = end(-1);
  high_ = end(1);
}

double Posterior::mean() const { return family_ == Family::beta ? x_ : a_; }

double Posterior::quantile(double p) const {
  if (family_ == Family::beta) return beta_quantile(a_, b_, p);
  return a_ + b_ * student_quantile(freedom_, p);
}

double Posterior::cdf(double mean) const {
  if (family_ == Family::beta) return beta_cdf(a_, b_, std::clamp(mean, 0.0, 1.0));
  return student_cdf(freedom_, (mean - a_) / b_);
}

AxisPoint Posterior::point(double t) const {
  if (family_ != Family::beta) return {t, 0, 0};
  return {t, -std::log1p(std::exp(-t)), -std::log1p(std::exp(t))};
}

// With many observations relative to the peak: the powers themselves would lose digits.
double Posterior::density(const AxisPoint& at) const {
  if (is_small_) return std::exp(log_scale_ + a_ * at.log_mean + b_ * at.log_rest);
  const double u = at.t - center_;
  if (family_ == Family::beta) {
    return peak_ * std::exp(-a_ * std::log1p(b_ / (a_ + b_) * std::expm1(-u)) -
                            b_ * std::log1p(x_ * std::expm1(u)));
  }
  const double z = u / b_;
  if (std::isinf(freedom_)) return peak_ * std::exp(-z * z / 2);
  return peak_ * std::exp(-(freedom_ + 1) / 2 * std::log1p(z * z / freedom_));
}

double Posterior::smooth_length(double from, double to) const {
  if (family_ == Family::beta) {
    const double nearest = std::clamp(0.0, from, to);  // where the curvature is greatest
    const double x = logistic(nearest);
    const double far = std::abs(nearest) - kFlat;  // where it falls as exp(-rate t)
    if (far > 0) return std::min(std::max(kLongest, far), 4 / (nearest < 0 ? a_ : b_));
    return std::min(kLongest, kWidths / std::sqrt((a_ + b_) * x * (1 - x)));
  }
  if (std::isinf(freedom_)) return kWidths * b_;
  const double z = (std::clamp(a_, from, to) - a_) / b_;
  return kWidths * b_ * std::sqrt((freedom_ + z * z) / (freedom_ + 1));
}

double Posterior::tail_bound(double t) const {
  if (family_ == Family::beta) {
    // Log-concave: beyond t it falls at least as fast as at t.
    const double x = logistic(t);
    const double slope = std::abs(a_ * (1 - x) - b_ * x);
    return density(point(t)) / slope;
  }
  const double z = std::abs(t - a_) / b_;
  const double heavy = std::isinf(freedom_) ? 1 : 1 + z * z / freedom_;
  return density(point(t)) * b_ * heavy / z;
}

double Posterior::end(double direction) const {
  double distance = 4 * width_;
  while (tail_bound(center_ + direction * distance) > kOutside) distance *= 1.2;
  return center_ + direction * distance;
}

}  // namespace autopilot::stats
