#pragma once
// A plan as actions for decide, and how far the policies in force would let it go.

#include <optional>
#include <string>
#include <vector>

#include "cli/context.h"
#include "core/optimize/plan.h"

namespace autopilot::commands {

// One line of JSON for each channel whose amount changes.
std::vector<std::string> shift_actions(const optimize::Plan& plan,
                                       const std::vector<double>& spend);

struct Refusal {
  std::string channel, policy, message;
};
struct PolicyStep {
  std::vector<Refusal> refusals;  // of the whole plan
  double share = 1;               // of the way from today to the plan that policies allow
  std::vector<double> spend;      // there
};

// Null when no policy is applied, or there is no state. What earlier decisions used up of limits is
// not counted: decide does that.
std::optional<PolicyStep> policy_step(cli::Context& context, const optimize::Plan& plan,
                                      const std::vector<double>& spend);

}  // namespace autopilot::commands
