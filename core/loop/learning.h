#pragma once
// What a step learns from: counts as cells of the table that the optimiser takes.

#include <vector>

#include "core/loop/algorithm.h"
#include "core/loop/loop_store.h"
#include "core/loop/optimiser.h"
#include "core/loop/shares.h"

namespace autopilot::loop {

double trials_of(const std::vector<StoredCount>& counts);

// Rewards from before it are as good as forgotten.
Instant oldest_that_counts(const Memory& memory, Instant now);

// Of each segment of `before`; older rewards count less. REQUIRES that it has all arms.
std::vector<Cell> cells_at(const Algorithm& algorithm, const std::vector<StoredCount>& counts,
                           const SegmentShares& before, Instant now);

// Shares of these arms and no others; even ones where nothing is known.
ArmShares fitted(const Algorithm& algorithm, const ArmShares& known);

}  // namespace autopilot::loop
