#pragma once
// What a budget's plan comes to, in a sentence or two for who knows nothing of solvers.

#include <string>

#include "commands/budget_report.h"

namespace autopilot::commands {

struct Outcome {
  double spend_now = 0, returned_now = 0, spend = 0, returned = 0;
};
std::string summary_of(const BudgetAnswer& answer, const Outcome& outcome);

}  // namespace autopilot::commands
