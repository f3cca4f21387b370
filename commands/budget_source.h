#pragma once
// The Budget that `optimize budget` is about: the document from a file, the project or the state,
// with the tables that it names, and curves fitted where it has none.

#include <string>
#include <vector>

#include "cli/context.h"
#include "core/optimize/fit.h"
#include "core/optimize/plan.h"

namespace autopilot::commands {

struct FittedChannel {
  std::size_t channel = 0;
  optimize::Fit fit;
};

struct BudgetSource {
  optimize::Plan plan;
  std::vector<FittedChannel> fitted;
};

// `what` is a file or the id of a document. `events` (may be empty) overrides the spec's
// `observed`. Faults are shown; throws Error(invalid) then.
BudgetSource read_budget(cli::Context& context, const std::string& what, const std::string& events);

}  // namespace autopilot::commands
