#pragma once
// The linear bandits' view of segments: each value of each key is a feature, and there is an
// intercept. What mobile in France teaches helps mobile everywhere.

#include <string>
#include <vector>

#include "core/stats/bandit.h"
#include "core/stats/bandit_linear.h"

namespace autopilot::loop {

class LinearModel {
 public:
  // All segments that there are; each has as many values.
  LinearModel(const std::vector<std::vector<std::string>>& segments, std::size_t arms,
              double lambda);

  void add(std::size_t segment, std::size_t arm, const stats::ArmRewards& rewards);

  // Of each arm's mean in the segment. `noise`: the rewards' standard deviation; 0: that of the
  // rewards about their cells' means, with a little of that about the mean of all.
  std::vector<stats::Posterior> beliefs(std::size_t segment, double noise) const;
  std::vector<double> ucb_shares(std::size_t segment, double width, std::size_t batch) const;

 private:
  double noise() const;

  std::vector<std::vector<double>> features_;  // by segment
  std::vector<stats::LinearArm> arms_;
  stats::ArmRewards all_;
  double within_ = 0, freedom_ = 0;  // squares about the cells' means, and how many are free
};

}  // namespace autopilot::loop
