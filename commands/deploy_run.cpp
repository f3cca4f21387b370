// autopilot deploy start, run, tick: rollouts begin, and go on.
#include <fmt/format.h>

#include "commands/deploy.h"
#include "commands/deploy_telling.h"
#include "core/base/error.h"

namespace autopilot::commands {
namespace {

constexpr char kRunDetails[] =
    R"(Takes a version into production as its Deployment says, in the foreground: starts it in the idle slot, gives it
more and more of the traffic, judges it all the while, and takes everything back by itself when it is no good. Without
--version it goes on with the rollout that is under way: whatever ended the process before, it is picked up where it was.

Each step forward is an action deploy.set_weight that the applied policies decide on. The way back asks nobody.

Ctrl-C leaves the rollout where it is; deploy run, or deploy tick from cron, goes on with it.

EXAMPLES
  autopilot deploy run shop --version v2
  autopilot deploy run shop --env production --version v2 --reason 'new checkout'
  autopilot deploy run shop

EXIT STATUS
  0 promoted; 1 rolled back, or the input is wrong; 6 somebody else runs it; 7 the role is too low.
)";

constexpr char kStartDetails[] =
    R"(Writes down that a version is to be deployed, and returns. deploy tick, made for cron and CI, or deploy run carry
it out.

EXAMPLES
  autopilot deploy start shop --version v2
  * * * * *  cd /srv/shop && autopilot --as cron deploy tick --all -q
)";

constexpr char kTickDetails[] =
    R"(Does everything that is due now on the rollout that is under way, and exits. It measures what happened since the
last tick; how often it runs changes how soon it sees something, not what it concludes. It may be killed at any instant.

EXAMPLES
  autopilot deploy tick shop
  autopilot deploy tick --all

EXIT STATUS
  0 promoted, or nothing is under way; 1 rolled back; 3 in progress; 4 at a gate; 8 stuck; 6 somebody else runs it.
  With --all the gravest of them.
)";

class StartCommand : public cli::Invocation {
 public:
  explicit StartCommand(cli::Options& o) {
    o.argument("NAME", request_.deployment, "id of an applied Deployment", cli::Hint::document,
               true);
    o.option("--version VERSION", request_.version, "what is to be deployed");
    o.option("--env NAME", request_.environment, "environment of the Deployment");
    o.option("--from VERSION", request_.from,
             "what runs in the first slot, where no rollout ever said so");
    o.option("--reason TEXT", request_.reason, "why, for the record");
    o.flag("--emergency", request_.is_emergency, "go forward in a freeze; takes its role");
  }

 protected:
  // The new rollout's id.
  std::string begin(cli::Context& context, deploy::Journal& journal) {
    if (request_.version.empty())
      throw Error(ErrorKind::usage, "which version?", "--version VERSION");
    return begin_rollout(context, journal, place(context), request_);
  }

  deploy::Place place(cli::Context& context) {
    return deploy::place_of(deploy::find_deployment(context.existing_store(), request_.deployment),
                            request_.environment);
  }

  deploy::StartRequest request_;
};

class DeployStart final : public StartCommand {
 public:
  using StartCommand::StartCommand;
  cli::Exit run(cli::Context& context) override {
    context.enter_root();
    deploy::Journal journal(context.existing_store().database(), context.world);
    const std::string id = begin(context, journal);
    render::Report report{"autopilot.deploy-start/v1", {{"rollout", id}}, {}};
    report.text.emplace_back(render::Lines{
        {fmt::format("{} is written down; deploy tick or deploy run carries it out.", id)}});
    context.show(report);
    return cli::Exit::ok;
  }
};

class DeployRun final : public StartCommand {
 public:
  using StartCommand::StartCommand;
  cli::Exit run(cli::Context& context) override {
    context.enter_root();
    deploy::Journal journal(context.existing_store().database(), context.world);
    const std::string id = request_.version.empty() ? unfinished_rollout(journal, place(context))
                                                    : begin(context, journal);
    const deploy::Rollout r = told_when_interrupted(context, journal, id, [&] {
      return with_runner(context, journal, id, telling(context, journal, id),
                         [](deploy::Runner& runner) { runner.run(); });
    });
    return show_rollout(context, journal, r);
  }
};

class DeployTick final : public cli::Invocation {
 public:
  explicit DeployTick(cli::Options& o) {
    o.argument("NAME", name_, "id of an applied Deployment", cli::Hint::document);
    o.option("--env NAME", environment_, "environment of the Deployment");
    o.flag("--all", all_, "every rollout that is under way");
  }

  cli::Exit run(cli::Context& context) override {
    context.enter_root();
    if (name_.empty() != all_)
      throw Error(ErrorKind::usage, "deploy tick takes NAME or --all", "deploy tick --all");
    state::Store& store = context.existing_store();
    deploy::Journal journal(store.database(), context.world);
    std::vector<std::string> rollouts;
    if (all_) {
      rollouts = journal.open_rollouts();
    } else {
      const deploy::Place place =
          deploy::place_of(deploy::find_deployment(store, name_), environment_);
      if (const auto id = journal.unfinished(place)) rollouts.push_back(*id);
    }
    return tick(context, journal, rollouts);
  }

 private:
  static cli::Exit tick(cli::Context& context, deploy::Journal& journal,
                        const std::vector<std::string>& rollouts) {
    render::Report report{"autopilot.deploy-tick/v1", {}, {}};
    List data;
    render::Lines lines;
    cli::Exit exit = cli::Exit::ok;
    for (const std::string& id : rollouts) {
      std::string line;
      cli::Exit one = cli::Exit::locked;
      std::string state = "held by somebody else";
      try {
        const deploy::Rollout r =
            with_runner(context, journal, id, {}, [](deploy::Runner& runner) { runner.tick(); });
        const deploy::Strategy strategy(r, judge_function());
        line = deploy::status_line(r, strategy);
        one = exit_of(r);
        state = r.state();
      } catch (const Error& error) {
        if (error.kind() != ErrorKind::locked || rollouts.size() == 1) throw;
        line = error.what();
      }
      data.push_back(Map{{"rollout", id}, {"state", state}, {"text", line}});
      lines.lines.emplace_back(fmt::format("{}: {}", id, line));
      exit = std::max(exit, one);
    }
    if (rollouts.empty()) lines.lines.emplace_back("No rollout is under way.");
    report.data = Map{{"rollouts", std::move(data)}};
    report.text.emplace_back(std::move(lines));
    context.show(report);
    return exit;
  }

  std::string name_, environment_;
  bool all_ = false;
};

}  // namespace

extern const cli::Command deploy_run{"deploy run",
                                     "Take a version into production, and back by itself",
                                     kRunDetails,
                                     cli::bind<DeployRun>,
                                     {}};
extern const cli::Command deploy_start{"deploy start",
                                       "Write down that a version is to be deployed",
                                       kStartDetails,
                                       cli::bind<DeployStart>,
                                       {}};
extern const cli::Command deploy_tick{"deploy tick",
                                      "Carry rollouts on as far as is due now",
                                      kTickDetails,
                                      cli::bind<DeployTick>,
                                      {}};

}  // namespace autopilot::commands
