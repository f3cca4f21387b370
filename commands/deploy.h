#pragma once
// What the deploy commands share: a deployment's providers of the real world, its journal, and who
// asks.

#include <memory>
#include <string>

#include "cli/command.h"
#include "core/deploy/journal.h"
#include "core/deploy/providers.h"
#include "core/deploy/runner.h"
#include "core/deploy/start.h"
#include "core/deploy/status_report.h"

namespace autopilot::commands {

deploy::Providers make_providers(cli::Context& context, const deploy::Place& place,
                                 const deploy::Deployment& model);

// The rollout that goes on there, else the newest that is over; Error(invalid) when there never was
// one.
std::string newest_rollout(deploy::Journal& journal, const deploy::Place& place);
bool has_rollout(deploy::Journal& journal, const deploy::Place& place);
std::string unfinished_rollout(deploy::Journal& journal, const deploy::Place& place);

// 0 promoted, 1 rolled back, 3 in progress, 4 at a gate, 8 stuck.
cli::Exit exit_of(const deploy::Rollout& rollout);

// The judge that analyses use.
deploy::JudgeFunction judge_function();

// Writes down a new rollout of `place`, asked for by who runs this command; its id. The request's
// deployment, environment and who are filled in here.
std::string begin_rollout(cli::Context& context, deploy::Journal& journal,
                          const deploy::Place& place, deploy::StartRequest request);

// What a rollout waits for others to approve is approved in the name of who runs this command;
// nothing where it waits for something else. Throws as approving does.
void approve_awaited(cli::Context& context, const deploy::Rollout& rollout,
                     const std::string& reason);

// From now on the rollout goes by where and how the applied document says (with_places_of). Throws
// Error(locked) while somebody runs it.
void use_applied_document(cli::Context& context, deploy::Journal& journal,
                          const deploy::Place& place, const std::string& rollout,
                          const std::string& reason);

// Runs `act` on a rollout while its lease is held.
deploy::Rollout with_runner(cli::Context& context, deploy::Journal& journal,
                            const std::string& rollout, deploy::RunnerSettings settings,
                            const std::function<void(deploy::Runner&)>& act);

// What `deploy status` and `deploy watch` say beside the rollout itself.
deploy::StatusFacts status_facts(cli::Context& context, deploy::Journal& journal,
                                 const deploy::Rollout& rollout);

// Reports a rollout as deploy status does.
cli::Exit show_rollout(cli::Context& context, deploy::Journal& journal,
                       const deploy::Rollout& rollout);

}  // namespace autopilot::commands
