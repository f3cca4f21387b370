#pragma once
// A backtest for people and machines.

#include <string>
#include <vector>

#include "core/evaluate/question.h"
#include "core/render/report.h"

namespace autopilot::evaluate {

struct BacktestStory {
  std::vector<std::string> paths;
  double alpha = 0.05;
  bool is_forced = false;  // shown although the verdict is against it
};

// Whether estimates are withheld: nobody should act on them.
bool is_refused(const Backtest& backtest, const BacktestStory& story);

render::Report describe(const Answer& answer, const BacktestStory& story);
// The same as a page that needs nothing else, with plots.
std::string backtest_page(const Answer& answer, const BacktestStory& story);

std::string number_text(double value);  // four digits
std::string interval_text(const stats::Interval& interval);

}  // namespace autopilot::evaluate
