#pragma once
// What the commands about approvals have in common.

#include "cli/context.h"
#include "core/state/approvals.h"
#include "core/state/identity.h"

namespace autopilot::commands {

// Of the state, which must be there.
state::Approvals approvals_of(cli::Context& context);

// The folder below which allowed_signers stands: the project's, or the working directory.
std::string signers_root(cli::Context& context);

state::Who who_asks(cli::Context& context);

}  // namespace autopilot::commands
