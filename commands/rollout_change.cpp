// autopilot rollout promote, rollback, resume: the share of units that a policy applies to, by
// hand.
#include <fmt/format.h>

#include "cli/command.h"
#include "commands/policy_id.h"
#include "core/base/error.h"
#include "core/base/units.h"
#include "core/state/rollout.h"

namespace autopilot::commands {
namespace {

constexpr char kPromoteDetails[] =
    R"(Rolls a policy out to a larger share of units than its document says, to all of them without --to. The document
stays as it is: plan reports the difference as drift, and apply leaves it alone until the document changes.

Takes a role of at least the policy's authority, and at least operator.

EXAMPLES
  autopilot rollout promote traffic-safety --to 50% --reason 'a quiet week at 10%'
  autopilot rollout promote traffic-safety
)";

constexpr char kRollbackDetails[] =
    R"(Takes a policy back from everybody, at once, whatever its document says. Plan reports it as drift, and apply keeps
it rolled back until the document changes, or until rollout resume. With --for it ends by itself: the first decision
after that time is taken as the document says.

Takes a role of at least the policy's authority, and at least operator.

EXAMPLES
  autopilot rollout rollback traffic-safety --reason 'blocks the wrong campaigns'
  autopilot rollout rollback traffic-safety --for 2h

EXIT STATUS
  0 also when it was rolled back already; 1 when there is no such policy; 6 the state is locked; 7 the role is too low.
)";

constexpr char kResumeDetails[] =
    R"(Ends a promotion or a rollback: the policy applies to the share that its document says. Its rollback rule is judged
anew, by the decisions from now on.

EXAMPLES
  autopilot rollout resume traffic-safety
)";

// What the three have in common: a policy, a reason, and what became of it.
class RolloutCommand : public cli::Invocation {
 public:
  explicit RolloutCommand(cli::Options& o) {
    o.argument("POLICY", policy_, "id of an applied policy", cli::Hint::document, true);
    o.option("--reason TEXT", reason_, "why, for the log and for those who meet it in a plan");
  }

  cli::Exit run(cli::Context& context) override {
    const state::RolloutChange done = change(context.existing_store(), request(context), context);
    if (!done.note.empty()) context.inform(done.note);
    context.show(report(done));
    return cli::Exit::ok;
  }

 protected:
  virtual state::RolloutChange change(state::Store& store, const state::RolloutRequest& request,
                                      cli::Context& context) = 0;

  std::optional<Duration> lasting_;

 private:
  state::RolloutRequest request(cli::Context& context) const {
    return {policy_id(policy_), context.actor(), reason_, lasting_};
  }

  static render::Report report(const state::RolloutChange& done) {
    Value drift;
    if (done.overlay) drift = state::to_data(*done.overlay);
    render::Report report{"autopilot.rollout-change/v1",
                          {{"policy", done.policy},
                           {"changed", done.changed},
                           {"before", done.before},
                           {"after", done.after},
                           {"wanted", done.wanted},
                           {"revision", done.revision.hash},
                           {"drift", std::move(drift)}},
                          {}};
    render::Lines lines;
    lines.lines.emplace_back(
        done.changed
            ? fmt::format("Policy/{}: rolled out to {} -> {}, revision {}.", done.policy,
                          format_share(done.before), format_share(done.after), done.revision.hash)
            : fmt::format("Policy/{}: rolled out to {} already, nothing to do.", done.policy,
                          format_share(done.after)));
    if (done.overlay) {
      lines.lines.emplace_back(fmt::format(
          "Its document says {}: apply keeps the difference until the document changes{}.",
          format_share(done.wanted),
          done.overlay->expires ? ", at most until " + format_rfc3339(*done.overlay->expires)
                                : ""));
    }
    report.text.emplace_back(std::move(lines));
    return report;
  }

  std::string policy_;
  std::string reason_;
};

class Promote final : public RolloutCommand {
 public:
  explicit Promote(cli::Options& o) : RolloutCommand(o) {
    o.option("--to SHARE", to_, "of units (default 100%)");
  }

 protected:
  state::RolloutChange change(state::Store& store, const state::RolloutRequest& request,
                              cli::Context& context) override {
    const std::optional<double> share = parse_share(to_);
    if (!share) {
      throw Error(ErrorKind::usage, fmt::format("--to {} is no share", to_),
                  "50% or 0.5, for example");
    }
    return state::promote(store, request, *share, context.world);
  }

 private:
  std::string to_ = "100%";
};

class Rollback final : public RolloutCommand {
 public:
  explicit Rollback(cli::Options& o) : RolloutCommand(o) {
    o.option("--for DURATION", lasting_, "end it by itself after that time");
  }

 protected:
  state::RolloutChange change(state::Store& store, const state::RolloutRequest& request,
                              cli::Context& context) override {
    if (lasting_ && lasting_->nanos <= 0)
      throw Error(ErrorKind::usage, "a rollback of no length is none", "--for 2h, for example");
    return state::roll_back(store, request, context.world);
  }
};

class Resume final : public RolloutCommand {
 public:
  explicit Resume(cli::Options& o) : RolloutCommand(o) {}

 protected:
  state::RolloutChange change(state::Store& store, const state::RolloutRequest& request,
                              cli::Context& context) override {
    return state::resume(store, request, context.world);
  }
};

}  // namespace

extern const cli::Command rollout_promote{"rollout promote",
                                          "Roll a policy out to a larger share of units",
                                          kPromoteDetails,
                                          cli::bind<Promote>,
                                          {}};
extern const cli::Command rollout_rollback{"rollout rollback",
                                           "Take a policy back from everybody",
                                           kRollbackDetails,
                                           cli::bind<Rollback>,
                                           {}};
extern const cli::Command rollout_resume{"rollout resume",
                                         "Apply a policy to the share that its document says",
                                         kResumeDetails,
                                         cli::bind<Resume>,
                                         {}};

}  // namespace autopilot::commands
