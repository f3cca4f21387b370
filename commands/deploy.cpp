#include "commands/deploy.h"

#include <fmt/format.h>

#include "commands/approving.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/deploy/analysis.h"
#include "core/deploy/decider.h"
#include "core/deploy/gatekeeper.h"
#include "core/deploy/tasks.h"
#include "core/state/store.h"
#include "core/state/waiting.h"

namespace autopilot::commands {
namespace {

deploy::Site site_of(cli::Context& context, const deploy::Place& place,
                     const deploy::Deployment& model) {
  std::string folder = context.in_root(".autopilot/deploy/" + place.deployment);
  if (!place.environment.empty()) folder += "-" + place.environment;
  return {place.deployment, model.slots, folder, model.hosts, model.hosts_batch, model.ssh};
}

// A lease for one scope. What ends the scope is worth more than a lease that cannot be given back:
// this process ends soon, and its lease with it.
class Leased {
 public:
  Leased(deploy::Journal& journal, const deploy::Place& place, const std::string& actor)
      : journal_(journal) {
    journal.take_lease(place, actor);
  }
  ~Leased() {
    try {
      journal_.release_lease();
    } catch (const Error&) {
    }
  }
  Leased(const Leased&) = delete;
  Leased& operator=(const Leased&) = delete;

 private:
  deploy::Journal& journal_;
};

}  // namespace

deploy::Providers make_providers(cli::Context& context, const deploy::Place& place,
                                 const deploy::Deployment& model) {
  const deploy::Site site = site_of(context, place, model);
  deploy::Providers out;
  out.stop = std::make_unique<Stop>();
  out.world = std::make_unique<StoppableWorld>(context.world, *out.stop);
  World& stoppable = out.world->world();
  World& world = context.world;
  out.traffic = deploy::make_traffic(model.traffic, site, world);
  out.process = deploy::make_process(model.process, site, stoppable);
  if (!model.health.is_null()) out.health = deploy::make_health(model.health, site, stoppable);
  for (const deploy::MetricModel& metric : model.metrics)
    out.metrics[metric.name] = deploy::make_metrics(metric.spec, stoppable, &context.secrets());
  state::Store& store = context.existing_store();
  const std::string root = signers_root(context);
  out.decider = deploy::make_decider(store, world, root, context.who(), context.actor_role());
  out.gatekeeper = deploy::make_gatekeeper(store, world, root, context.who());
  out.tasks = deploy::make_tasks(world, &context.secrets());
  return out;
}

std::string unfinished_rollout(deploy::Journal& journal, const deploy::Place& place) {
  if (const auto id = journal.unfinished(place)) return *id;
  throw Error(ErrorKind::invalid, fmt::format("no rollout of {} goes on", place.text()),
              fmt::format("autopilot deploy run {}{} --version VERSION", place.deployment,
                          place.environment.empty() ? "" : " --env " + place.environment));
}

namespace {

// What goes on there, else what is over; empty: nothing.
std::string newest_or_none(deploy::Journal& journal, const deploy::Place& place) {
  if (const auto id = journal.unfinished(place)) return *id;
  for (const deploy::Recorded& r : journal.history(place.deployment)) {
    if (r.environment == place.environment) return r.id;
  }
  return {};
}

}  // namespace

bool has_rollout(deploy::Journal& journal, const deploy::Place& place) {
  return !newest_or_none(journal, place).empty();
}

std::string newest_rollout(deploy::Journal& journal, const deploy::Place& place) {
  if (std::string id = newest_or_none(journal, place); !id.empty()) return id;
  throw Error(ErrorKind::invalid, fmt::format("{} was never deployed", place.text()),
              fmt::format("autopilot deploy run {}{} --version VERSION", place.deployment,
                          place.environment.empty() ? "" : " --env " + place.environment));
}

cli::Exit exit_of(const deploy::Rollout& rollout) {
  const std::string state = rollout.state();
  if (state == "promoted") return cli::Exit::ok;
  if (state == "rolled_back") return cli::Exit::no;
  if (state == "gate") return cli::Exit::approval;
  return state == "stuck" ? cli::Exit::outside : cli::Exit::changes;
}

deploy::JudgeFunction judge_function() {
  return [](const Value& analysis, const std::vector<deploy::Judgeable>& metrics,
            const Value& state, const std::vector<deploy::Sample>& samples) {
    return deploy::judge(analysis, metrics, state, samples);
  };
}

std::string begin_rollout(cli::Context& context, deploy::Journal& journal,
                          const deploy::Place& place, deploy::StartRequest request) {
  if (request.is_emergency && request.reason.empty())
    throw Error(ErrorKind::usage, "an emergency needs a reason", "--reason TEXT");
  state::Store& store = context.existing_store();
  request.deployment = place.deployment;
  request.environment = place.environment;
  request.actor = context.actor();
  request.identity = context.who().identity;
  request.role = policy::parse_role(context.actor_role()).value_or(policy::Role::viewer);
  const policy::Document document = deploy::find_deployment(store, place.deployment);
  const deploy::Providers providers = make_providers(
      context, place, deploy::deployment_from(document.id, deploy::expanded_spec(document, place)));
  const Leased leased(journal, place, request.actor);
  const deploy::Rollout r =
      deploy::new_rollout(store, journal, context.world, *providers.process, request);
  journal.create(r,
                 {{r.id + "/started", "started",
                   fmt::format("{} -> {}", r.previous.empty() ? "nothing" : r.previous, r.version),
                   Map{{"version", r.version}}}});
  return r.id;
}

void use_applied_document(cli::Context& context, deploy::Journal& journal,
                          const deploy::Place& place, const std::string& rollout,
                          const std::string& reason) {
  const policy::Document document =
      deploy::find_deployment(context.existing_store(), place.deployment);
  const Leased leased(journal, place, context.actor());
  const Value spec =
      deploy::with_places_of(journal.load(rollout).spec, deploy::expanded_spec(document, place));
  journal.replace_spec(rollout, spec, context.actor(), reason);
}

// Approvals have their own rules; what was given is seen by whoever runs the rollout.
void approve_awaited(cli::Context& context, const deploy::Rollout& rollout,
                     const std::string& reason) {
  const deploy::Awaited waited = deploy::awaited({rollout, judge_function()}, rollout);
  if (waited.subject.empty()) return;
  state::Approvals approvals = approvals_of(context);
  approvals.approve(state::find_request(approvals, waited.subject), context.who(), reason, {});
}

deploy::Rollout with_runner(cli::Context& context, deploy::Journal& journal,
                            const std::string& rollout, deploy::RunnerSettings settings,
                            const std::function<void(deploy::Runner&)>& act) {
  const deploy::Rollout before = journal.load(rollout);
  const deploy::Place place{before.deployment, before.environment};
  const Leased leased(journal, place, context.actor());
  deploy::Providers providers =
      make_providers(context, place, deploy::deployment_from(before.deployment, before.spec));
  settings.in_background = true;
  deploy::Runner runner(journal, providers, context.world, rollout, judge_function(),
                        std::move(settings));
  act(runner);
  return runner.rollout();
}

deploy::StatusFacts status_facts(cli::Context& context, deploy::Journal& journal,
                                 const deploy::Rollout& rollout) {
  const deploy::Place place{rollout.deployment, rollout.environment};
  deploy::StatusFacts facts{journal.holder(place), journal.events(rollout.id),
                            context.world.clock.now()};
  const auto document = context.existing_store().document("Deployment", rollout.deployment);
  if (document && !rollout.is_over()) facts.applied = deploy::expanded_spec(*document, place);
  return facts;
}

cli::Exit show_rollout(cli::Context& context, deploy::Journal& journal,
                       const deploy::Rollout& rollout) {
  const deploy::Strategy strategy(rollout, judge_function());
  context.show(deploy::describe_status(rollout, strategy, status_facts(context, journal, rollout)));
  return exit_of(rollout);
}

}  // namespace autopilot::commands
