#pragma once
// Estimates with their intervals and uplifts, from what was counted, resampled and followed.

#include <optional>
#include <vector>

#include "core/evaluate/counting.h"
#include "core/evaluate/refitting.h"
#include "core/evaluate/sequences.h"
#include "core/stats/ope_interval.h"

namespace autopilot::evaluate {

// What estimates are made from. Those with units that come back have no sequences.
struct Evidence {
  const Comparison& comparison;
  const Counted& counted;
  const std::vector<std::vector<double>>& replicates;  // by column of the plan
  const std::optional<Sequences>& sequences;
  const std::optional<Refits>& refits;
};

// Of every estimator, in their order.
std::vector<Estimated> estimate_all(const Evidence& evidence);

}  // namespace autopilot::evaluate
