// autopilot run: one pass of an algorithm.
#include <fmt/format.h>

#include "cli/command.h"
#include "commands/approving.h"
#include "core/base/error.h"
#include "core/base/file_lock.h"
#include "core/base/text.h"
#include "core/loop/loop_report.h"
#include "core/state/policy_sets.h"
#include "core/state/store.h"

namespace autopilot::commands {
namespace {

// Long enough for what a killed run was starting to let go of its lock.
constexpr Duration kPatience = Duration::milliseconds(500);

constexpr char kRunDetails[] =
    R"(Makes one pass of an applied Algorithm: reads what is new in its logs, proposes shares of the traffic, lets the
policies decide on every change, moves what they allow, and records it. One line of cron closes the loop:

  * * * * *  cd /srv/shop && autopilot run checkout-split

Every event counts once, however often logs are rotated. Killed anywhere, the next run goes on with the step that is open,
and nothing is decided or moved twice; what cannot be asked whether it holds (exec without read, webhook) may be told again,
with the same key. Two runs at once are refused.

A change that a policy holds back for approval waits: its arm is not put to the policies again until people have approved
it (autopilot approve), which the next run acts on, or have not.

With --shadow it keeps counts and steps of its own, decides without using up any limit, and moves nothing: autopilot shadow
report --algorithm NAME compares it with what is live. With --dry-run nothing is kept at all.

EXAMPLES
  autopilot run checkout-split
  autopilot run checkout-split --dry-run --json

EXIT STATUS
  0 it stepped, or no step was due; 1 the logs are wrong; 6 another run is at work; 8 what it moves does not answer or hold:
  the step stays open. With --exit-code also 1 when a change was blocked, else 4 when one waits for approval.
)";

class Run : public cli::Invocation {
 public:
  explicit Run(cli::Options& o) {
    o.argument("NAME", name_, "id of an applied Algorithm", cli::Hint::document, true);
    o.flag("--shadow", shadow_, "decide beside the live one, and move nothing");
    o.flag("--dry-run", dry_run_, "keep and move nothing");
    o.flag("--exit-code", exit_code_,
           "exit 1 when a change is blocked, else 4 when one waits for approval");
  }

  cli::Exit run(cli::Context& context) override {
    if (shadow_ && dry_run_) {
      throw Error(ErrorKind::usage, "say --shadow or --dry-run, not both");
    }
    state::Store& store = context.existing_store();
    const loop::Algorithm algorithm = loop::algorithm_from(document(store));
    FileLock lock(
        fmt::format("{}.run-{}{}", context.state_path(), algorithm.id, shadow_ ? "-shadow" : ""));
    if (!dry_run_ && !lock.try_acquire(kPatience)) {
      throw Error(ErrorKind::locked, fmt::format("another run of {} is at work", algorithm.id));
    }
    state::PolicySets policies(store);
    const auto actuator =
        loop::make_actuator(algorithm, {context.world, context.secrets(), context.root()});
    const loop::Mode mode = mode_of();
    loop::Loop loop(algorithm, mode,
                    {store, policies, context.world, context.root(), *actuator, settings(context),
                     who_asks(context)});
    const loop::LoopResult result = loop.run();
    context.show(loop::describe(result, algorithm, mode));
    return exit_code_ ? exit_of(result) : cli::Exit::ok;
  }

 private:
  loop::Mode mode_of() const {
    if (dry_run_) return loop::Mode::dry_run;
    return shadow_ ? loop::Mode::shadow : loop::Mode::live;
  }

  policy::Document document(state::Store& store) const {
    const std::string id = name_.starts_with("Algorithm/") ? name_.substr(10) : name_;
    if (auto found = store.document("Algorithm", id)) return *found;
    std::vector<std::string> known;
    for (const state::DocumentKey& key : store.keys()) {
      if (key.kind == "Algorithm") known.push_back(key.id);
    }
    std::string hint = std::string(trim(did_you_mean(id, known)));
    if (hint.empty()) {
      hint = known.empty() ? "write a document of kind Algorithm and apply it"
                           : "applied are " + join(known, ", ");
    }
    throw Error(ErrorKind::invalid, fmt::format("no Algorithm {} is applied", id), hint);
  }

  static cli::Exit exit_of(const loop::LoopResult& result) {
    if (result.step && loop::has_result(result.step->body, "blocked")) return cli::Exit::no;
    return result.waiting.empty() ? cli::Exit::ok : cli::Exit::approval;
  }

  static decide::RecorderSettings settings(cli::Context& context) {
    decide::RecorderSettings out;
    out.actor = context.actor();
    out.role = context.actor_role();
    out.identity = who_asks(context).identity;
    return out;
  }

  std::string name_;
  bool shadow_ = false, dry_run_ = false, exit_code_ = false;
};

}  // namespace

extern const cli::Command run{"run",
                              "Make one pass of an algorithm: read, optimise, decide, act, record",
                              kRunDetails,
                              cli::bind<Run>,
                              {"text", "json", "markdown"}};

}  // namespace autopilot::commands
