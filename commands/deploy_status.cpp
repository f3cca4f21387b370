// autopilot deploy status, history, dora: what goes on, and what became of it.
#include <fmt/format.h>

#include "commands/deploy.h"
#include "core/base/error.h"
#include "core/base/json.h"
#include "core/deploy/dora.h"
#include "core/deploy/history_report.h"

namespace autopilot::commands {
namespace {

constexpr char kStatusDetails[] =
    R"(Shows the rollout of a deployment that is under way, or the last one: its steps with marks, what the analyses
and rules say, who holds it. Nothing is changed.

EXAMPLES
  autopilot deploy status shop
  autopilot deploy status shop --env production --json

EXIT STATUS
  0 promoted; 1 rolled back; 3 in progress; 4 at a gate; 8 stuck.
)";

constexpr char kHistoryDetails[] =
    R"(Lists rollouts, the newest first: versions, who, how long, what became of them and why, and how many requests
the new version served.

EXAMPLES
  autopilot deploy history shop
  autopilot deploy history --format markdown > deployments.md
)";

constexpr char kDoraDetails[] =
    R"(Computes the five DORA metrics of one deployment from its recorded rollouts: change lead time, deployment
frequency, failed deployment recovery time, change fail rate, deployment rework rate. A rollback by itself counts as a
failed deployment; the line below leaves out those that reached nobody. Rework is a hotfix, or a return to an older
version. The lead time needs to know when versions were committed: --commits FILE, a JSON object {"v2": "2026-..."}.
Of a Deployment with environments those count that no other one requires, such as production behind staging, unless
--env names one.

EXAMPLES
  autopilot deploy dora shop --since 30d
  autopilot deploy dora shop --env production --commits commits.json --json
)";

class Named : public cli::Invocation {
 public:
  Named(cli::Options& o, bool required) {
    o.argument("NAME", name_, "id of an applied Deployment", cli::Hint::document, required);
    o.option("--env NAME", environment_, "environment of the Deployment");
  }

 protected:
  std::vector<deploy::Rollout> rollouts(deploy::Journal& journal) const {
    std::vector<deploy::Rollout> out;
    for (const deploy::Recorded& r : journal.history(name_)) {
      if (environment_.empty() || r.environment == environment_) out.push_back(journal.load(r.id));
    }
    return out;
  }

  std::string name_, environment_;
};

class DeployStatus final : public Named {
 public:
  explicit DeployStatus(cli::Options& o) : Named(o, true) {}
  cli::Exit run(cli::Context& context) override {
    state::Store& store = context.existing_store();
    deploy::Journal journal(store.database(), context.world);
    const deploy::Place at = deploy::place_of(deploy::find_deployment(store, name_), environment_);
    return show_rollout(context, journal, journal.load(newest_rollout(journal, at)));
  }
};

class DeployHistory final : public Named {
 public:
  explicit DeployHistory(cli::Options& o) : Named(o, false) {}
  cli::Exit run(cli::Context& context) override {
    deploy::Journal journal(context.existing_store().database(), context.world);
    context.show(deploy::describe_history(rollouts(journal)));
    return cli::Exit::ok;
  }
};

class DeployDora final : public Named {
 public:
  explicit DeployDora(cli::Options& o) : Named(o, true) {
    o.option("--since DURATION", since_, "how far back (default 30d)");
    o.option("--commits FILE", commits_, "JSON object from versions to when they were committed",
             cli::Hint::file);
  }
  cli::Exit run(cli::Context& context) override {
    deploy::Journal journal(context.existing_store().database(), context.world);
    deploy::DoraSettings settings;
    settings.environments = environments(context);
    settings.to = context.world.clock.now();
    settings.from = settings.to - since_.value_or(Duration::seconds(30 * 86400));
    if (!commits_.empty()) settings.committed = read_commits(context);
    context.show(deploy::describe_dora(rollouts(journal), settings));
    return cli::Exit::ok;
  }

 private:
  // Of a document that is applied no more all that was recorded counts.
  std::vector<std::string> environments(cli::Context& context) const {
    if (!environment_.empty()) return {environment_};
    const auto document = context.existing_store().document("Deployment", name_);
    return document ? deploy::last_environments(*document) : std::vector<std::string>();
  }

  std::map<std::string, Instant> read_commits(cli::Context& context) const {
    const Value commits = parse_json_or_throw(context.world.files.read(commits_), commits_);
    if (!commits.is_map()) throw Error(ErrorKind::invalid, commits_ + " holds no JSON object");
    std::map<std::string, Instant> out;
    for (const auto& [version, time] : commits.as_map()) {
      const auto instant =
          time.is_string() ? parse_rfc3339(time.as_string()) : std::optional<Instant>();
      if (!instant)
        throw Error(
            ErrorKind::invalid,
            fmt::format("{}: {} is no time such as 2026-11-20T10:01:00Z", commits_, to_json(time)));
      out[version] = *instant;
    }
    return out;
  }

  std::optional<Duration> since_;
  std::string commits_;
};

}  // namespace

extern const cli::Command deploy_status{
    "deploy status", "Show how a rollout is doing", kStatusDetails, cli::bind<DeployStatus>, {}};
extern const cli::Command deploy_history{"deploy history",
                                         "List rollouts and what became of them",
                                         kHistoryDetails,
                                         cli::bind<DeployHistory>,
                                         {"text", "json", "markdown"}};
extern const cli::Command deploy_dora{"deploy dora",
                                      "Compute the five DORA metrics",
                                      kDoraDetails,
                                      cli::bind<DeployDora>,
                                      {"text", "json", "markdown"}};

}  // namespace autopilot::commands
