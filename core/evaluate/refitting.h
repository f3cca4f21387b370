#pragma once
// The direct method in resamples, its model fitted anew in each: one that were taken as given would
// seem far surer than it is.

#include <vector>

#include "core/evaluate/comparison.h"

namespace autopilot::evaluate {

// Values of the direct method for the target and for what it is held against, by resample.
struct Refits {
  std::vector<double> target, baseline;
};
// As many as the spec asks for. REQUIRES a model.
Refits refit(const Comparison& comparison);

// States the normal interval by the error that resamples show: few tell an error, but no
// percentiles.
void state_refitted(const Refits& refits, double baseline, double alpha, Estimated& to);

}  // namespace autopilot::evaluate
