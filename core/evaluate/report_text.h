#pragma once
// A backtest as text that fits a terminal of 80 columns: what to act on first, the other intervals
// behind it.

#include <vector>

#include "core/evaluate/report.h"

namespace autopilot::evaluate {

std::vector<render::Block> backtest_blocks(const Answer& answer, const BacktestStory& story);

// Whether an estimate's uplift can be held against 0.
bool is_tested(const Estimated& estimated);

}  // namespace autopilot::evaluate
