// autopilot deploy promote, pause, resume, abort, rollback, retry: what people say to a rollout.
#include <fmt/format.h>

#include <algorithm>

#include "commands/deploy.h"
#include "commands/deploy_telling.h"
#include "core/base/error.h"
#include "core/base/text.h"

namespace autopilot::commands {
namespace {

constexpr Duration kAnswerTime = Duration::seconds(15);
constexpr Duration kAnswerPoll = Duration::milliseconds(100);

constexpr char kPromoteDetails[] =
    R"(Opens the gate that a rollout waits at, or confirms a manual check. Where it waits for approval, of an approval
step or of a decision that a policy holds back, this approves it in your name, as autopilot approve does: whoever began
the rollout cannot. In the middle of a hold it cuts the hold short, and where the old version cannot be stopped at the
end it leaves it as it is; both take the role admin and are recorded.

With --override a step that a policy blocks is decided again in your name; your role must be at least the authority of
each policy that blocks it, and the decision says so.

Whoever runs the rollout acts within a second; when nobody does, this command acts itself.

EXAMPLES
  autopilot deploy promote shop
  autopilot deploy promote shop --check review
  autopilot deploy promote shop --override --reason 'the freeze policy did not foresee this fix'
)";

constexpr char kPauseDetails[] =
    R"(Keeps a rollout from going forward until deploy resume, or for a time. Rules go on and may take it back; with
--maintenance nothing is judged meanwhile, and every `for` begins anew afterwards.

EXAMPLES
  autopilot deploy pause shop --reason 'looking at the logs'
  autopilot deploy pause shop --for 30m --maintenance --reason 'database upgrade'
)";

constexpr char kResumeDetails[] = R"(Ends a pause.

EXAMPLES
  autopilot deploy resume shop
)";

constexpr char kAbortDetails[] =
    R"(Takes everything back, from whatever state: no traffic to the new version, verified at the proxy, then it is
stopped.

A rollout keeps the document that it began with. Where that was wrong about the proxy or the processes, or the proxy
has moved since, the way back cannot be verified and the rollout is stuck: apply the right document, stop who runs the
rollout, and say --use-applied.

Where the old version fell over, or was stopped, it is started again first. Until it is well, a canary that is well
keeps what it has: to be served by a version that is no good is better than not to be served. With --force, which takes
the role admin, the traffic is taken away all the same.

EXAMPLES
  autopilot deploy abort shop --reason 'wrong build'
  autopilot deploy abort shop --force --reason 'v2 corrupts orders: better none than these'
  autopilot deploy abort shop --use-applied --reason 'nginx listens at 8080 now'
)";

constexpr char kRollbackDetails[] =
    R"(Takes back the rollout that is under way. When none is, goes back to the version before, or with --to to any
version that was promoted once: it is started in the idle slot and gets all traffic at once, verified. Nobody is asked.

EXAMPLES
  autopilot deploy rollback shop
  autopilot deploy rollback shop --to v1 --reason 'invoices are wrong since v3'

EXIT STATUS
  0 the old version has all traffic; 1 there is nothing to go back to; 8 it cannot be verified.
)";

constexpr char kRetryDetails[] =
    R"(Begins the last rollout anew, when it was rolled back: the same version, the document as it is now, nothing
remembered of the last attempt.

EXAMPLES
  autopilot deploy retry shop
)";

class AskCommand : public cli::Invocation {
 public:
  AskCommand(cli::Options& o, std::string kind) : kind_(std::move(kind)) {
    o.argument("NAME", name_, "id of an applied Deployment", cli::Hint::document, true);
    o.option("--env NAME", environment_, "environment of the Deployment");
    o.option("--reason TEXT", reason_, "why, for the record");
  }

  cli::Exit run(cli::Context& context) override {
    context.enter_root();
    deploy::Journal journal(context.existing_store().database(), context.world);
    const deploy::Place at = place(context);
    return ask(context, journal, unfinished_rollout(journal, at), at);
  }

 protected:
  virtual Map args() const { return {}; }

  deploy::Place place(cli::Context& context) {
    return deploy::place_of(deploy::find_deployment(context.existing_store(), name_), environment_);
  }

  cli::Exit ask(cli::Context& context, deploy::Journal& journal, const std::string& rollout,
                const deploy::Place& at) {
    deploy::Request request;
    request.kind = kind_;
    request.actor = context.actor();
    request.role = context.actor_role();
    request.reason = reason_;
    request.args = args();
    const std::int64_t id = journal.ask(rollout, request);
    const deploy::Answer answer = wait_for(context, journal, rollout, at, id);
    const deploy::Rollout r = journal.load(rollout);
    const std::string stuck = r.stuck_since ? r.failing_why : "";
    render::Report report{"autopilot.deploy-answer/v1",
                          {{"rollout", rollout},
                           {"request", kind_},
                           {"ok", answer.ok},
                           {"answer", answer.text},
                           {"state", r.state()},
                           {"stuck", stuck}},
                          {}};
    render::Lines lines{{fmt::format("{}: {}", rollout, answer.text)}};
    if (const std::string next = what_follows(journal, at, r); answer.ok && !next.empty())
      lines.lines.emplace_back(fmt::format("{}: {}", rollout, next));
    report.text.emplace_back(std::move(lines));
    if (!stuck.empty()) report.text.emplace_back(render::Lines{{"stuck    " + stuck}});
    context.show(report);
    if (!answer.ok) return cli::Exit::no;
    return r.stuck_since ? cli::Exit::outside : cli::Exit::ok;
  }

  // What came of it by now, and who carries on.
  static std::string what_follows(deploy::Journal& journal, const deploy::Place& at,
                                  const deploy::Rollout& r) {
    if (r.phase == deploy::Phase::rolled_back && r.zero_since)
      return fmt::format("{} is rolled back, it has no traffic, verified", r.version);
    if (r.phase == deploy::Phase::promoted) return fmt::format("{} is promoted", r.version);
    if (r.is_over() || r.stuck_since || journal.holder(at)) return {};
    return fmt::format("nobody runs it: {} goes on", words_to_go_on(r));
  }

  // What keeps the way back from its end, as long as this command tries.
  static deploy::RunnerSettings telling_trouble(cli::Context& context) {
    deploy::RunnerSettings settings;
    settings.watch = [&context, told = std::string()](const deploy::Rollout& r) mutable {
      if (r.failing_since && r.failing_why != told) {
        told = r.failing_why;
        context.inform(fmt::format("{}: it is tried again: {}", r.id, told));
      }
      return true;
    };
    return settings;
  }

  deploy::Answer wait_for(cli::Context& context, deploy::Journal& journal,
                          const std::string& rollout, const deploy::Place& at, std::int64_t id) {
    const Instant end = context.world.clock.now() + kAnswerTime;
    while (context.world.clock.now() < end) {
      if (const auto answer = journal.answer_to(id)) return *answer;
      if (!journal.holder(at)) {
        with_runner(context, journal, rollout, telling_trouble(context),
                    [](deploy::Runner& r) { r.act(); });
        if (const auto answer = journal.answer_to(id)) return *answer;
        continue;
      }
      context.world.clock.sleep(kAnswerPoll);
    }
    throw Error(ErrorKind::outside, "who runs the rollout has not answered yet",
                "deploy status shows who it is; the request stands");
  }

  std::string kind_, name_, environment_, reason_;
};

class Promote final : public AskCommand {
 public:
  explicit Promote(cli::Options& o) : AskCommand(o, "promote") {
    o.option("--check NAME", check_, "the manual check that you confirm");
    o.flag("--override", override_, "ask again, in your name, for what a policy blocks");
  }

  cli::Exit run(cli::Context& context) override {
    context.enter_root();
    if (override_ && reason_.empty())
      throw Error(ErrorKind::usage, "an override needs a reason", "--reason TEXT");
    if (!override_ && check_.empty()) {
      deploy::Journal journal(context.existing_store().database(), context.world);
      approve_awaited(context, journal.load(unfinished_rollout(journal, place(context))), reason_);
    }
    return AskCommand::run(context);
  }

 protected:
  Map args() const override {
    Map out;
    if (!check_.empty()) out["check"] = check_;
    if (override_) out["override"] = true;
    return out;
  }

 private:
  std::string check_;
  bool override_ = false;
};

class Pause final : public AskCommand {
 public:
  explicit Pause(cli::Options& o) : AskCommand(o, "pause") {
    o.option("--for DURATION", lasting_, "end it by itself after that time");
    o.flag("--maintenance", maintenance_, "judge nothing meanwhile");
  }
  Map args() const override {
    Map out{{"maintenance", maintenance_}};
    if (lasting_) out["for"] = format_duration(*lasting_);
    return out;
  }

 private:
  std::optional<Duration> lasting_;
  bool maintenance_ = false;
};

class Resume final : public AskCommand {
 public:
  explicit Resume(cli::Options& o) : AskCommand(o, "resume") {}
};

class Abort final : public AskCommand {
 public:
  explicit Abort(cli::Options& o) : AskCommand(o, "abort") {
    o.flag("--use-applied", use_applied_, "by the applied document, not the rollout's own copy");
    o.flag("--force", force_, "even where the old version is not well");
  }

  cli::Exit run(cli::Context& context) override {
    context.enter_root();
    if (force_ && reason_.empty())
      throw Error(ErrorKind::usage, "--force needs a reason", "--reason TEXT");
    if (use_applied_) {
      if (reason_.empty())
        throw Error(ErrorKind::usage, "--use-applied needs a reason", "--reason TEXT");
      deploy::Journal journal(context.existing_store().database(), context.world);
      const deploy::Place at = place(context);
      use_applied_document(context, journal, at, unfinished_rollout(journal, at), reason_);
    }
    return AskCommand::run(context);
  }

 protected:
  Map args() const override { return force_ ? Map{{"force", true}} : Map{}; }

 private:
  bool use_applied_ = false;
  bool force_ = false;
};

// A rollout of its own, which begins now and is carried out at once.
cli::Exit run_new(cli::Context& context, deploy::Journal& journal, const deploy::Place& at,
                  deploy::StartRequest request) {
  const std::string id = begin_rollout(context, journal, at, std::move(request));
  const deploy::Rollout done = told_when_interrupted(context, journal, id, [&] {
    return with_runner(context, journal, id, telling(context, journal, id),
                       [](deploy::Runner& runner) { runner.run(); });
  });
  return show_rollout(context, journal, done);
}

class Rollback final : public AskCommand {
 public:
  explicit Rollback(cli::Options& o) : AskCommand(o, "rollback") {
    o.option("--to VERSION", to_, "a version that was promoted once (default: the one before)");
  }

  cli::Exit run(cli::Context& context) override {
    context.enter_root();
    deploy::Journal journal(context.existing_store().database(), context.world);
    const deploy::Place at = place(context);
    if (const auto id = journal.unfinished(at)) {
      const deploy::Rollout r = journal.load(*id);
      if (to_.empty() || to_ == r.previous) return ask(context, journal, *id, at);
      throw Error(ErrorKind::invalid,
                  fmt::format("{} is under way, and goes back to {}", r.id, r.previous),
                  "take it back first, then go to " + to_);
    }
    deploy::StartRequest request;
    request.version = target(journal, at);
    request.is_direct = true;
    request.reason = reason_;
    return run_new(context, journal, at, std::move(request));
  }

 private:
  std::string target(deploy::Journal& journal, const deploy::Place& at) const {
    const std::vector<std::string> versions = journal.promoted_versions(at);
    std::vector<std::string> known = versions;
    // What ran before the first rollout counts as well.
    const std::vector<deploy::Recorded> history = journal.history(at.deployment);
    for (const deploy::Recorded& r : history) {
      if (r.environment == at.environment && !r.previous.empty()) known.push_back(r.previous);
    }
    const std::string current = versions.empty() ? "" : versions.front();
    const std::string wanted = to_;
    for (const std::string& version : known) {
      if (wanted.empty() ? version != current : version == wanted) return version;
    }
    if (wanted.empty())
      throw Error(ErrorKind::invalid, fmt::format("{} has no version before", at.text()));
    std::string hint(trim(did_you_mean(wanted, known)));
    if (hint.empty() && !known.empty()) hint = "there were " + join(known, ", ");
    throw Error(ErrorKind::invalid, fmt::format("{} never ran {}", at.text(), wanted), hint);
  }

  std::string to_;
};

class Retry final : public AskCommand {
 public:
  explicit Retry(cli::Options& o) : AskCommand(o, "retry") {
    o.flag("--emergency", is_emergency_, "go forward in a freeze; takes its role");
  }

  cli::Exit run(cli::Context& context) override {
    context.enter_root();
    deploy::Journal journal(context.existing_store().database(), context.world);
    const deploy::Place at = place(context);
    const deploy::Rollout last = journal.load(newest_rollout(journal, at));
    if (last.phase != deploy::Phase::rolled_back)
      throw Error(ErrorKind::invalid,
                  fmt::format("{} is {}: there is nothing to try again", last.id, last.state()));
    deploy::StartRequest request;
    request.version = last.version;
    // An emergency is to be explained by who declares it.
    request.reason = reason_.empty() && !is_emergency_ ? "again, after " + last.id : reason_;
    request.is_emergency = is_emergency_;
    return run_new(context, journal, at, std::move(request));
  }

 private:
  bool is_emergency_ = false;
};

}  // namespace

extern const cli::Command deploy_promote{"deploy promote",
                                         "Open the gate that a rollout waits at",
                                         kPromoteDetails,
                                         cli::bind<Promote>,
                                         {}};
extern const cli::Command deploy_pause{
    "deploy pause", "Keep a rollout from going forward", kPauseDetails, cli::bind<Pause>, {}};
extern const cli::Command deploy_resume{
    "deploy resume", "End a pause of a rollout", kResumeDetails, cli::bind<Resume>, {}};
extern const cli::Command deploy_abort{
    "deploy abort", "Take a rollout back from whatever state", kAbortDetails, cli::bind<Abort>, {}};
extern const cli::Command deploy_rollback{"deploy rollback",
                                          "Go back to an older version at once",
                                          kRollbackDetails,
                                          cli::bind<Rollback>,
                                          {}};
extern const cli::Command deploy_retry{"deploy retry",
                                       "Begin a rollout anew that was rolled back",
                                       kRetryDetails,
                                       cli::bind<Retry>,
                                       {}};

}  // namespace autopilot::commands
