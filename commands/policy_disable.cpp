// autopilot policy disable, policy enable: break-glass, for a limited time.
#include <fmt/format.h>

#include "cli/command.h"
#include "commands/policy_id.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/state/disabling.h"

namespace autopilot::commands {
namespace {

constexpr char kDisableDetails[] =
    R"(Switches an applied policy off, at once and for a limited time, whatever its document says: for the incident that
cannot wait for git. Who, why and until when stand in the log, the audit and every plan, which reports it as drift. The
first decision after that time is taken under the policy again; so is what follows an apply that changes its document.
Disabling it again counts from then on.

It takes a role of at least the policy's authority, and at least operator; a refusal is audited. More than 7 days is for
git to say, or --allow-long.

EXAMPLES
  autopilot policy disable traffic-safety --for 2h --reason 'incident 42: it blocks the repair'
  autopilot plan

EXIT STATUS
  0 it is disabled; 1 there is no such policy, or its document disables it; 6 the state is locked; 7 the role is too low.
)";

constexpr char kEnableDetails[] =
    R"(Ends what policy disable began, before its time: the policy holds as its document says.

EXAMPLES
  autopilot policy enable traffic-safety
)";

// What became of it, for both.
render::Report report_of(const state::Disabling& done, std::string line, const char* schema) {
  Value drift;
  if (done.overlay) drift = state::to_data(*done.overlay);
  render::Report report{schema,
                        {{"policy", done.policy},
                         {"changed", done.changed},
                         {"revision", done.revision.hash},
                         {"drift", std::move(drift)}},
                        {}};
  report.text.emplace_back(render::Lines{{render::Line(std::move(line))}});
  return report;
}

class PolicyDisable : public cli::Invocation {
 public:
  explicit PolicyDisable(cli::Options& o) {
    o.argument("POLICY", policy_, "id of an applied policy", cli::Hint::document, true);
    o.option("--for DURATION", lasting_, "how long: 30m, 2h; at most 7d");
    o.option("--reason TEXT", reason_, "why, for the log and for those who meet it in a plan");
    o.flag("--allow-long", allow_long_, "even for more than 7 days");
  }

  cli::Exit run(cli::Context& context) override {
    check_words();
    const state::Disabling done =
        state::disable(context.existing_store(),
                       {policy_id(policy_), context.actor(), reason_, lasting_}, context.world);
    if (!done.note.empty()) context.inform(done.note);
    context.show(report_of(done,
                           fmt::format("Policy/{} is disabled until {}, revision {}.", done.policy,
                                       format_rfc3339(*done.overlay->expires), done.revision.hash),
                           "autopilot.policy-disable/v1"));
    return cli::Exit::ok;
  }

 private:
  void check_words() const {
    if (!lasting_ || lasting_->nanos <= 0) {
      throw Error(ErrorKind::usage, "a policy is disabled for a time that is said",
                  "--for 2h, for example");
    }
    if (*lasting_ > state::kLongestDisabling && !allow_long_) {
      throw Error(
          ErrorKind::usage,
          fmt::format("{} is longer than {}: what is to last belongs into git",
                      format_duration(*lasting_), format_duration(state::kLongestDisabling)),
          "say --allow-long when this is meant");
    }
    if (trim(reason_).empty()) {
      throw Error(ErrorKind::usage, "a policy is disabled for a reason that is said",
                  "--reason TEXT tells those who meet it");
    }
  }

  std::string policy_, reason_;
  std::optional<Duration> lasting_;
  bool allow_long_ = false;
};

class PolicyEnable : public cli::Invocation {
 public:
  explicit PolicyEnable(cli::Options& o) {
    o.argument("POLICY", policy_, "id of an applied policy", cli::Hint::document, true);
    o.option("--reason TEXT", reason_, "why, for the log");
  }

  cli::Exit run(cli::Context& context) override {
    const state::Disabling done =
        state::enable(context.existing_store(), {policy_id(policy_), context.actor(), reason_, {}},
                      context.world);
    if (!done.note.empty()) context.inform(done.note);
    context.show(report_of(done,
                           done.changed ? fmt::format("Policy/{} holds again, revision {}.",
                                                      done.policy, done.revision.hash)
                                        : fmt::format("Policy/{} was not disabled.", done.policy),
                           "autopilot.policy-enable/v1"));
    return cli::Exit::ok;
  }

 private:
  std::string policy_, reason_;
};

}  // namespace

extern const cli::Command policy_disable{"policy disable",
                                         "Switch a policy off for a limited time",
                                         kDisableDetails,
                                         cli::bind<PolicyDisable>,
                                         {}};
extern const cli::Command policy_enable{"policy enable",
                                        "Let a disabled policy hold again before its time",
                                        kEnableDetails,
                                        cli::bind<PolicyEnable>,
                                        {}};

}  // namespace autopilot::commands
