#pragma once
// What whoever carries a rollout on in the foreground is told while it goes: each event as it
// happens, what it waits for, and who goes on when they leave.

#include <functional>
#include <string>

#include "cli/command.h"
#include "core/deploy/journal.h"
#include "core/deploy/runner.h"

namespace autopilot::commands {

// Settings of a runner that tells what happens from now on. Borrows both.
deploy::RunnerSettings telling(cli::Context& context, deploy::Journal& journal,
                               const std::string& rollout);

// Runs `act`; when it is interrupted, or the disk is full, says how to go on.
deploy::Rollout told_when_interrupted(cli::Context& context, deploy::Journal& journal,
                                      const std::string& rollout,
                                      const std::function<deploy::Rollout()>& act);

// "autopilot deploy run shop --env production"
std::string words_to_go_on(const deploy::Rollout& rollout);

}  // namespace autopilot::commands
