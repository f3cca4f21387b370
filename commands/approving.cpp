#include "commands/approving.h"

namespace autopilot::commands {

std::string signers_root(cli::Context& context) {
  return context.in_project() ? context.root() : context.world.environment.working_directory();
}

state::Approvals approvals_of(cli::Context& context) {
  return state::Approvals(context.existing_store(), context.world, signers_root(context));
}

state::Who who_asks(cli::Context& context) { return context.who(); }

}  // namespace autopilot::commands
