#pragma once
// Shares before and after, as a report and as actions for `decide`.

#include <string>
#include <vector>

#include "core/loop/optimiser.h"
#include "core/render/report.h"

namespace autopilot::loop {

// Names of the segment's keys, for the report and for the actions' context.
struct Naming {
  std::vector<std::string> keys;
  std::string algorithm = "traffic_optimizer";
};

// REQUIRES that each segment has as many values as there are keys.
render::Report describe(const std::vector<OptimisedSegment>& segments, const OptimiserSpec& spec,
                        const Naming& naming);

// One route.update_weight for each arm whose share changes, those that fall first: in the order in
// which they come the shares never add up to more than the whole. `key` is the idempotency key's
// beginning; empty: none.
std::vector<Value> weight_actions(const std::vector<OptimisedSegment>& segments,
                                  const Naming& naming, const std::string& key);

}  // namespace autopilot::loop
