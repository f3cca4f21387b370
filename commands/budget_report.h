#pragma once
// What `optimize budget` found, as a Report.

#include <optional>

#include "commands/budget_actions.h"
#include "commands/budget_source.h"
#include "core/optimize/conflict.h"
#include "core/optimize/explain.h"
#include "core/render/report.h"

namespace autopilot::commands {

struct BudgetAnswer {
  const BudgetSource& source;
  const optimize::Problem& problem;
  const optimize::Solution& solution;
  const optimize::Explanation& explanation;
  const std::optional<PolicyStep>& step;
};

// REQUIRES that the answer lives until the report is shown.
render::Report describe_plan(const BudgetAnswer& answer);
render::Report describe_conflict(const BudgetSource& source, const optimize::Solution& solution,
                                 const optimize::Conflict& conflict, bool unsure);
render::Report describe_unbounded(const BudgetSource& source, const optimize::Solution& solution);

}  // namespace autopilot::commands
