#pragma once
// Linear bandits: the mean reward of an arm is linear in features of who asks, learnt by ridge
// regression for each arm (Li et al., A Contextual-Bandit Approach, 2010, disjoint LinUCB; Agrawal
// and Goyal, Thompson Sampling for Contextual Bandits, 2013). What one segment teaches helps those
// that share features with it.

#include <cstddef>
#include <span>
#include <vector>

#include "core/stats/bandit_posterior.h"

namespace autopilot::stats {

// One arm's regression: A = lambda I + sum x x', b = sum r x.
class LinearArm {
 public:
  LinearArm(std::size_t features, double lambda);

  // `count` rewards that add up to `sum`, all with the features `x`.
  void add(std::span<const double> x, double count, double sum);

  struct Estimate {
    double mean = 0;
    double width = 0;  // sqrt(x' A^-1 x)
  };
  Estimate at(std::span<const double> x) const;

 private:
  void factor() const;
  std::vector<double> solve(std::span<const double> right) const;  // A y = right

  std::size_t n_;
  std::vector<double> a_;  // row by row
  std::vector<double> b_;
  mutable std::vector<double> lower_;  // Cholesky's factor of a_; empty: to be made anew
};

// LinTS: what is believed of each arm's mean for `x`; `noise` is the rewards' standard deviation.
std::vector<Posterior> linear_beliefs(std::span<const LinearArm> arms, std::span<const double> x,
                                      double noise);

// LinUCB: how often each is played for `x` during the next `batch` rounds, when rewards are as
// expected. `alpha`: widths added to the mean.
std::vector<double> linear_ucb_shares(std::span<const LinearArm> arms, std::span<const double> x,
                                      double alpha, std::size_t batch);

}  // namespace autopilot::stats
