// autopilot rollout status, tick: how rollouts are doing, and the rules that take them back.
#include "cli/command.h"
#include "commands/policy_id.h"
#include "core/state/rollout_report.h"

namespace autopilot::commands {
namespace {

constexpr char kStatusDetails[] =
    R"(Shows which policies apply to a share of units, or can roll themselves back: the share in force and since when, what
became of the decisions inside of the rollout and outside, what the policy's rule says of that and what happens next.
Statistics are those of the rule's window (its `for`; an hour without a rule). With POLICY, everything about that one.

Nothing is changed; autopilot rollout tick is what acts.

EXAMPLES
  autopilot rollout status
  autopilot rollout status traffic-safety --json
)";

constexpr char kTickDetails[] =
    R"(Judges the rollback rules of all policies by the recorded decisions, and rolls those back whose condition has held
for as long as their `for` says. Made for cron: what it does follows from the record, not from how often it runs, and
it may be killed at any instant. A rollback is one revision, with the numbers in the audit; rollout resume, or a change
of the document, ends it.

Too few decisions never roll anything back. Takes the role operator.

EXAMPLES
  * * * * *  cd /srv/shop && autopilot --as cron rollout tick -q

EXIT STATUS
  0 nothing to do; 1 something was rolled back; 6 the state is locked; 7 the role is too low.
)";

class RolloutStatus : public cli::Invocation {
 public:
  explicit RolloutStatus(cli::Options& o) {
    o.argument("POLICY", policy_, "id of an applied policy (default: all that are of interest)",
               cli::Hint::document);
  }

  cli::Exit run(cli::Context& context) override {
    state::Store& store = context.existing_store();
    const Instant now = context.world.clock.now();
    state::Watching watching(store, state::Watching::Which::all, policy_id(policy_), now);
    watching.read_on();
    context.show(state::describe_rollouts(store, watching, !policy_.empty(), now));
    return cli::Exit::ok;
  }

 private:
  std::string policy_;
};

class RolloutTick : public cli::Invocation {
 public:
  explicit RolloutTick(cli::Options&) {}

  cli::Exit run(cli::Context& context) override {
    const state::Ticked ticked =
        state::tick(context.existing_store(), context.actor(), context.world);
    if (!ticked.note.empty()) context.inform(ticked.note);
    context.show(state::describe(ticked));
    return ticked.rolled_back() > 0 ? cli::Exit::no : cli::Exit::ok;
  }
};

}  // namespace

extern const cli::Command rollout_status{"rollout status",
                                         "Show how rollouts of policies are doing",
                                         kStatusDetails,
                                         cli::bind<RolloutStatus>,
                                         {"text", "json", "markdown"}};
extern const cli::Command rollout_tick{"rollout tick",
                                       "Roll back the policies whose rules say so",
                                       kTickDetails,
                                       cli::bind<RolloutTick>,
                                       {}};

}  // namespace autopilot::commands
