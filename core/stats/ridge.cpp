#include "core/stats/ridge.h"

#include <cmath>

namespace autopilot::stats {
namespace {

std::size_t packed(std::size_t row, std::size_t column) { return row * (row + 1) / 2 + column; }

// Cholesky's factor in place; false when the matrix is not positive definite.
bool factorise(std::vector<double>& a, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      double sum = a[packed(i, j)];
      for (std::size_t k = 0; k < j; ++k) sum -= a[packed(i, k)] * a[packed(j, k)];
      if (i != j) {
        a[packed(i, j)] = sum / a[packed(j, j)];
      } else {
        if (!(sum > 0)) return false;
        a[packed(i, i)] = std::sqrt(sum);
      }
    }
  }
  return true;
}

void substitute(const std::vector<double>& factor, std::vector<double>& x) {
  const std::size_t n = x.size();
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t k = 0; k < i; ++k) x[i] -= factor[packed(i, k)] * x[k];
    x[i] /= factor[packed(i, i)];
  }
  for (std::size_t i = n; i-- > 0;) {
    for (std::size_t k = i + 1; k < n; ++k) x[i] -= factor[packed(k, i)] * x[k];
    x[i] /= factor[packed(i, i)];
  }
}

}  // namespace

double dot(const SparseRow& row, std::span<const double> coefficients) {
  double sum = 0;
  for (std::size_t i = 0; i < row.index.size(); ++i)
    sum += row.value[i] * coefficients[row.index[i]];
  return sum;
}

NormalEquations::NormalEquations(std::size_t features)
    : features_(features), xx_(packed(features, 0)), xy_(features) {}

void NormalEquations::add(const SparseRow& row, double target, double weight) {
  weight_ += weight;
  for (std::size_t i = 0; i < row.index.size(); ++i) {
    const double scaled = weight * row.value[i];
    double* const to = xx_.data() + packed(row.index[i], 0);
    for (std::size_t j = 0; j <= i; ++j) to[row.index[j]] += scaled * row.value[j];
    xy_[row.index[i]] += scaled * target;
  }
}

void NormalEquations::add(const NormalEquations& other, double sign) {
  weight_ += sign * other.weight_;
  for (std::size_t i = 0; i < xx_.size(); ++i) xx_[i] += sign * other.xx_[i];
  for (std::size_t i = 0; i < xy_.size(); ++i) xy_[i] += sign * other.xy_[i];
}

std::vector<double> NormalEquations::solve(double penalty, double otherwise) const {
  std::vector<double> x(features_);
  x[0] = otherwise;
  if (!(weight_ > 0.5)) return x;
  std::vector<double> a = xx_;
  // The intercept is drawn to `otherwise` by as much as one row in a thousand would.
  a[0] += 1e-3;
  for (std::size_t i = 1; i < features_; ++i) a[packed(i, i)] += penalty;
  std::vector<double> b = xy_;
  b[0] += 1e-3 * otherwise;
  if (!factorise(a, features_)) return x;
  substitute(a, b);
  return b;
}

}  // namespace autopilot::stats
