#include "core/stats/bandit_linear.h"

#include <algorithm>
#include <cmath>

namespace autopilot::stats {

LinearArm::LinearArm(std::size_t features, double lambda)
    : n_(features), a_(features * features, 0.0), b_(features, 0.0) {
  for (std::size_t i = 0; i < n_; ++i) a_[i * n_ + i] = lambda;
}

void LinearArm::add(std::span<const double> x, double count, double sum) {
  for (std::size_t i = 0; i < n_; ++i) {
    b_[i] += sum * x[i];
    if (x[i] == 0) continue;
    for (std::size_t j = 0; j < n_; ++j) a_[i * n_ + j] += count * x[i] * x[j];
  }
  lower_.clear();
}

void LinearArm::factor() const {
  if (!lower_.empty()) return;
  lower_.assign(n_ * n_, 0.0);
  for (std::size_t i = 0; i < n_; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      double sum = a_[i * n_ + j];
      for (std::size_t k = 0; k < j; ++k) sum -= lower_[i * n_ + k] * lower_[j * n_ + k];
      lower_[i * n_ + j] = i == j ? std::sqrt(sum) : sum / lower_[j * n_ + j];
    }
  }
}

std::vector<double> LinearArm::solve(std::span<const double> right) const {
  factor();
  std::vector<double> y(right.begin(), right.end());
  for (std::size_t i = 0; i < n_; ++i) {
    for (std::size_t k = 0; k < i; ++k) y[i] -= lower_[i * n_ + k] * y[k];
    y[i] /= lower_[i * n_ + i];
  }
  for (std::size_t i = n_; i-- > 0;) {
    for (std::size_t k = i + 1; k < n_; ++k) y[i] -= lower_[k * n_ + i] * y[k];
    y[i] /= lower_[i * n_ + i];
  }
  return y;
}

LinearArm::Estimate LinearArm::at(std::span<const double> x) const {
  const std::vector<double> y = solve(x);  // A^-1 x
  Estimate out;
  double square = 0;
  for (std::size_t i = 0; i < n_; ++i) {
    out.mean += y[i] * b_[i];
    square += y[i] * x[i];
  }
  out.width = std::sqrt(std::max(0.0, square));
  return out;
}

std::vector<Posterior> linear_beliefs(std::span<const LinearArm> arms, std::span<const double> x,
                                      double noise) {
  std::vector<Posterior> out;
  for (const LinearArm& arm : arms) {
    const LinearArm::Estimate estimate = arm.at(x);
    out.push_back(Posterior::normal(estimate.mean, noise * estimate.width));
  }
  return out;
}

std::vector<double> linear_ucb_shares(std::span<const LinearArm> arms, std::span<const double> x,
                                      double alpha, std::size_t batch) {
  std::vector<double> mean, square, plays(arms.size(), 0.0);
  for (const LinearArm& arm : arms) {
    const LinearArm::Estimate estimate = arm.at(x);
    mean.push_back(estimate.mean);
    square.push_back(estimate.width * estimate.width);
  }
  for (std::size_t round = 0; round < batch; ++round) {
    std::size_t best = 0;
    double most = -1e308;
    for (std::size_t j = 0; j < arms.size(); ++j) {
      const double index = mean[j] + alpha * std::sqrt(square[j]);
      if (index <= most) continue;
      most = index;
      best = j;
    }
    // Sherman and Morrison: what one more reward with the same x leaves of x' A^-1 x.
    square[best] /= 1 + square[best];
    plays[best] += 1;
  }
  for (double& share : plays) share /= static_cast<double>(batch);
  return plays;
}

}  // namespace autopilot::stats
