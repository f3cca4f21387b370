#pragma once
// Response curves from observed spend and return: least squares in every family, the one with the
// least leave-one-out error, with intervals, and a warning where the data cannot tell. Pure.

#include <string>
#include <utility>
#include <vector>

#include "core/optimize/curve.h"

namespace autopilot::optimize {

struct Fit {
  Curve curve;
  std::size_t observations = 0;
  double most_seen = 0;                      // greatest spend observed
  double share_explained = 0;                // R^2, about the mean
  std::pair<double, double> size{0, 0};      // 95 % intervals of the parameters: a
  std::pair<double, double> scale{0, 0};     // b; both 0 where the family has none
  std::pair<double, double> shape{0, 0};     // s
  std::pair<double, double> marginal{0, 0};  // of the next unit at `at`
  std::vector<std::string> warnings;         // why not to trust it
};

// REQUIRES spend >= 0. `at` is where its slope matters most: today's spend. Throws Error(invalid)
// when there is nothing to fit: no observation with spend above 0.
Fit fit_curve(const std::vector<Point>& observed, double at);

}  // namespace autopilot::optimize
