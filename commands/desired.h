#pragma once
// The documents that the files want to be applied: what plan and apply start from.

#include <string>
#include <vector>

#include "cli/context.h"
#include "core/policy/model.h"
#include "core/state/plan.h"

namespace autopilot::commands {

// What --target, --exclude and autopilot.yaml say about a plan.
state::PlanOptions plan_options(cli::Context& context, std::vector<std::string> targets,
                                std::vector<std::string> excludes);

// The documents under `paths`, or under the project's own paths when empty, and the project's own
// document. Those that are applied just so may lack their content. Faults are shown; throws
// Error(invalid) when there are any, and when no document is found unless `allow_empty`.
std::vector<policy::Document> desired_documents(cli::Context& context,
                                                const std::vector<std::string>& paths,
                                                bool allow_empty);

}  // namespace autopilot::commands
