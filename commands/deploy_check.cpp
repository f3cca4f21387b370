// autopilot deploy check: is everything there that a rollout needs?
#include <fmt/format.h>

#include "commands/deploy.h"
#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/yaml.h"
#include "core/deploy/smoke.h"
#include "core/deploy/spec.h"
#include "core/deploy/tasks.h"

namespace autopilot::commands {
namespace {

constexpr Duration kConnectTimeout = Duration::seconds(1);

constexpr char kCheckDetails[] =
    R"(Tries all that a rollout of a deployment will need, and changes nothing: whether the old version runs and is
well, whether the other slot is free, whether the proxy can be asked, whether each metric answers, the files of smoke
steps, and the automatic checks of `checks.before`.

With --expand it prints the document as a rollout takes it instead: presets, templates and the environment filled in.

EXAMPLES
  autopilot deploy check shop
  autopilot deploy check shop --env production --expand

Before the first deployment nothing runs yet: what can only be asked of something that runs is shown as `later`.

EXIT STATUS
  0 all is there; 1 something is not.
)";

class DeployCheck final : public cli::Invocation {
 public:
  explicit DeployCheck(cli::Options& o) {
    o.argument("NAME", name_, "id of an applied Deployment", cli::Hint::document, true);
    o.option("--env NAME", environment_, "environment of the Deployment");
    o.option("--version VERSION", version_, "what checks are told to be deployed");
    o.flag("--expand", expand_, "print the document with everything filled in");
  }

  cli::Exit run(cli::Context& context) override {
    context.enter_root();
    state::Store& store = context.existing_store();
    const policy::Document document = deploy::find_deployment(store, name_);
    const deploy::Place place = deploy::place_of(document, environment_);
    const Value spec = deploy::expanded_spec(document, place);
    if (expand_) {
      context.write(to_yaml(Map{{"apiVersion", "autopilot/v1"},
                                {"kind", "Deployment"},
                                {"metadata", Map{{"id", document.id}}},
                                {"spec", spec}}));
      return cli::Exit::ok;
    }
    deploy::Journal journal(store.database(), context.world);
    const deploy::Deployment model = deploy::deployment_from(document.id, spec);
    deploy::Providers providers = make_providers(context, place, model);
    deploy::Rollout r;
    r.deployment = place.deployment;
    r.environment = place.environment;
    r.version = version_;
    const auto current = journal.current(place);
    r.stable = current ? current->slot : model.slots[0].name;
    r.previous = current ? current->version : "";
    r.canary = model.slots[model.slots[0].name == r.stable ? 1 : 0].name;
    look(context, model, providers, r);
    context.show(report(place));
    return bad_ == 0 ? cli::Exit::ok : cli::Exit::no;
  }

 private:
  void add(const std::string& what, bool ok, const std::string& why) {
    rows_.push_back(Map{{"what", what}, {"ok", ok}, {"state", ok ? "ok" : "no"}, {"why", why}});
    if (!ok) ++bad_;
  }
  // Before the first deployment nothing runs, so there is nothing to ask for most of it.
  void later(const std::string& what, const std::string& why) {
    rows_.push_back(Map{{"what", what}, {"ok", true}, {"state", "later"}, {"why", why}});
  }
  void add_or_later(const std::string& what, bool ok, const std::string& why) {
    is_first_ && !ok ? later(what, why) : add(what, ok, why);
  }
  // What throws is told as a fault of that thing.
  template <class F>
  void look_at(const std::string& what, F look) {
    try {
      look();
    } catch (const Error& error) {
      add_or_later(what, false, error.what());
    }
  }

  void look(cli::Context& context, const deploy::Deployment& model, deploy::Providers& providers,
            const deploy::Rollout& r) {
    const deploy::Slot& stable = model.slots[model.slots[0].name == r.stable ? 0 : 1];
    const deploy::Slot& canary = model.slots[model.slots[0].name == r.stable ? 1 : 0];
    is_first_ = r.previous.empty();
    look_at("process " + stable.name, [&] {
      const deploy::Running running = providers.process->observe(stable);
      add_or_later("process " + stable.name, running.running,
                   running.running ? running.version
                   : is_first_     ? "nothing was deployed yet"
                                   : "it does not run: " + running.why);
      if (!running.running || providers.health == nullptr) return;
      const deploy::HealthAnswer answer = providers.health->check(stable, r.previous);
      add("health " + stable.name, answer.healthy, answer.why);
    });
    look_at_free_slot(context, model, providers, canary);
    look_at("traffic", [&] {
      const deploy::SplitCheck check = providers.traffic->verify({r.canary, r.stable, 0});
      add_or_later("traffic", check.holds, check.why);
    });
    for (const deploy::MetricModel& metric : model.metrics) {
      look_at("metric " + metric.name, [&] {
        deploy::Query query;
        query.metric = metric.name;
        query.arm = "stable";
        query.version = r.previous;
        query.slot = stable.name;
        query.host = deploy::host_in_url(stable);
        query.port = stable.port;
        if (model.is_local()) query.pid = providers.process->observe(stable).pid;
        query.to = context.world.clock.now();
        query.from = query.to - metric.window;
        query.step = model.interval;
        const deploy::Reply reply = providers.metrics[metric.name]->read(query);
        add_or_later("metric " + metric.name, reply.no_data.empty(), reply.no_data);
      });
    }
    for (const deploy::StepModel& step : model.steps) {
      if (!step.smoke.empty()) look_at_smoke(context, step.smoke, r, canary);
    }
    const Stop never;
    for (const deploy::CheckModel& check : model.before) {
      if (!check.manual.empty()) continue;
      is_first_ = false;  // nothing needs to run for them
      look_at("check " + check.name, [&] {
        const deploy::TaskResult result =
            providers.tasks->check(check, {deploy::task_words(r, canary), never});
        add("check " + check.name, result.ok, result.why);
      });
    }
  }

  // Where the next version is to listen, nobody else may: a start would be refused.
  void look_at_free_slot(cli::Context& context, const deploy::Deployment& model,
                         deploy::Providers& providers, const deploy::Slot& canary) {
    const Value* provider = model.process.get("provider");
    const bool is_ours = provider != nullptr && *provider == Value("exec") && model.is_local();
    if (!is_ours || canary.port == 0 || providers.process->observe(canary).running) return;
    const std::string address = deploy::address_of(canary);
    if (context.world.sockets.connect(address, {kConnectTimeout}).ok())
      add("slot " + canary.name, false, address + " is taken: another program listens there");
  }

  void look_at_smoke(cli::Context& context, const std::string& file, const deploy::Rollout& r,
                     const deploy::Slot& canary) {
    const std::string what = "smoke " + file;
    try {
      Diagnostics faults;
      deploy::load_smoke(file, {}, deploy::task_words(r, canary), context.world.files, faults);
      add(what, faults.ok(), faults.ok() ? "" : faults.all().front().message);
    } catch (const Error& error) {
      add(what, false, error.what());
    }
  }

  render::Report report(const deploy::Place& place) const {
    render::Report out{"autopilot.deploy-check/v1",
                       {{"deployment", place.deployment},
                        {"environment", place.environment},
                        {"ok", bad_ == 0},
                        {"checks", rows_}},
                       {}};
    render::Table table;
    for (const Value& row : rows_) {
      table.rows.push_back({render::Line({sign_of(row.get("state")->as_string())}),
                            render::Line(row.get("what")->as_string()),
                            render::Line(row.get("why")->as_string())});
    }
    out.text.emplace_back(std::move(table));
    return out;
  }

  static render::Run sign_of(const std::string& state) {
    if (state == "later") return {"· later", render::Tone::dim};
    return state == "ok" ? render::Run{"✔ ok", render::Tone::good}
                         : render::Run{"✖ no", render::Tone::bad};
  }

  std::string name_, environment_, version_ = "next";
  bool expand_ = false, is_first_ = false;
  List rows_;
  int bad_ = 0;
};

}  // namespace

extern const cli::Command deploy_check{"deploy check",
                                       "Try all that a rollout of a deployment needs",
                                       kCheckDetails,
                                       cli::bind<DeployCheck>,
                                       {}};

}  // namespace autopilot::commands
