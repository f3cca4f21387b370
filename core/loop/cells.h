#pragma once
// From rows of rewards to what each arm has earned in each segment, with less weight for what is
// long ago.

#include <optional>
#include <vector>

#include "core/base/time.h"
#include "core/loop/arm_rows.h"
#include "core/loop/optimiser.h"

namespace autopilot::loop {

struct Memory {
  std::optional<Duration> half_life;  // a reward so old counts half
  std::optional<Duration> window;     // one older than that not at all
};

// How much a reward of that age counts; one of the future as one of now.
double weight_of(const Memory& memory, Duration age);

// REQUIRES that all rows have times when anything is to be forgotten.
std::vector<Cell> cells_of(const std::vector<ArmRow>& rows, const Memory& memory, Instant now);

}  // namespace autopilot::loop
