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

With --shadow it keeps counts and steps of its own, decides without using up any limit, and moves nothing: autopilot shadow
report --algorithm NAME compares it with what is live. With --dry-run nothing is kept at all.

EXAMPLES
  autopilot run checkout-split
  autopilot run checkout-split --dry-run --json

EXIT STATUS
  0 it stepped, or no step was due; 1 the logs are wrong; 6 another run is at work; 8 what it moves does not answer or hold:
  the step stays open.
)";

class Run : public cli::Invocation {
 public:
  explicit Run(cli::Options& o) {
    o.argument("NAME", name_, "id of an applied Algorithm", cli::Hint::document, true);
    o.flag("--shadow", shadow_, "decide beside the live one, and move nothing");
    o.flag("--dry-run", dry_run_, "keep and move nothing");
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
    loop::Loop loop(
        algorithm, mode,
        {store.database(), policies, context.world, context.root(), *actuator, settings(context)});
    context.show(loop::describe(loop.run(), algorithm, mode));
    return cli::Exit::ok;
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

  static decide::RecorderSettings settings(cli::Context& context) {
    decide::RecorderSettings out;
    out.actor = context.actor();
    out.role = context.actor_role();
    out.identity = who_asks(context).identity;
    return out;
  }

  std::string name_;
  bool shadow_ = false, dry_run_ = false;
};

}  // namespace

extern const cli::Command run{"run",
                              "Make one pass of an algorithm: read, optimise, decide, act, record",
                              kRunDetails,
                              cli::bind<Run>,
                              {"text", "json", "markdown"}};

}  // namespace autopilot::commands
