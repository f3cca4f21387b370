#pragma once
// Linear programs in numbers of about 1, since a solver's tolerances are absolute: money may be
// counted in billions or billionths. By powers of two, so that nothing is rounded. Pure.

#include "core/optimize/lp.h"

namespace autopilot::optimize {

class Scaled {
 public:
  explicit Scaled(const LpModel& model);
  const LpModel& model() const { return model_; }
  // The answer to the scaled program as one to the program itself.
  LpAnswer restored(LpAnswer answer) const;

 private:
  LpModel model_;
  double amount_ = 1;         // a column is this many times itself; not the integer ones
  double worth_ = 1;          // and the objective
  std::vector<double> rows_;  // and each row
};

}  // namespace autopilot::optimize
