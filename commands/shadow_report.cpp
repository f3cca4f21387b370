// autopilot shadow report: what monitor policies would have done.
#include <fmt/format.h>

#include <algorithm>

#include "cli/command.h"
#include "commands/policy_id.h"
#include "commands/recorded.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/decide/shadow.h"
#include "core/loop/loop_report.h"
#include "core/policy/loader.h"
#include "core/state/store.h"

namespace autopilot::commands {
namespace {

constexpr char kShadowDetails[] =
    R"(Reads recorded decisions and tells what the policies with mode: monitor would have made of them: how many they would
have blocked, held for approval or modified, by day (UTC) and by rule, how that agrees with what was decided, and what
enforcing them would have changed. Nothing is decided anew: each decision has recorded it.

With --algorithm NAME it compares the steps of `autopilot run NAME --shadow` with the live ones: the shares of both, how
much of the traffic would have gone elsewhere, and what a round earns with each by what the shadow had learnt.

Without POLICY, all that have watched any decision, and those that watch now. Without --since or --all, the last 7 days.

EXAMPLES
  autopilot shadow report
  autopilot shadow report traffic-safety --since 2026-11-20T00:00:00Z --format markdown > report.md
  autopilot shadow report --all --json
  autopilot shadow report --algorithm checkout-split
)";

constexpr const char* kUsually = "7d";

class ShadowReport : public cli::Invocation {
 public:
  explicit ShadowReport(cli::Options& o) {
    o.arguments("POLICY", policies_, "ids of policies", cli::Hint::document);
    o.option("--since T", since_,
             "decisions recorded since then: a duration such as 7d, or an RFC 3339 time");
    o.flag("--all", all_, "all recorded decisions");
    o.option("--algorithm NAME", algorithm_, "compare its shadow with what is live",
             cli::Hint::document);
  }

  cli::Exit run(cli::Context& context) override {
    if (all_ && !since_.empty()) throw Error(ErrorKind::usage, "say --since T or --all, not both");
    state::Store& store = context.existing_store();
    if (!algorithm_.empty()) return compare(context, store);
    for (std::string& id : policies_) id = policy_id(id);
    decide::Shadow shadow(policies_);
    mention_watching(store, shadow);
    read(store, range(context), shadow);
    check_names(store, shadow);
    context.show(decide::describe(shadow));
    return cli::Exit::ok;
  }

 private:
  static constexpr std::int64_t kSteps = 50;

  cli::Exit compare(cli::Context& context, state::Store& store) const {
    if (!policies_.empty() || all_ || !since_.empty()) {
      throw Error(ErrorKind::usage, "--algorithm goes with no policies, --since or --all");
    }
    loop::LoopStore shadow(store.database(), loop::shadow_of(algorithm_));
    loop::LoopStore live(store.database(), algorithm_);
    const std::vector<loop::Step> steps = shadow.steps(kSteps);
    if (steps.empty()) {
      throw Error(ErrorKind::invalid, fmt::format("{} has no steps in shadow", algorithm_),
                  fmt::format("autopilot run {} --shadow makes one", algorithm_));
    }
    context.show(loop::describe_shadow(algorithm_, steps, live.steps(INT32_MAX)));
    return cli::Exit::ok;
  }

  decide::Range range(cli::Context& context) const {
    return all_ ? decide::Range() : recorded_since(context, since_.empty() ? kUsually : since_);
  }

  static void read(state::Store& store, decide::Range range, decide::Shadow& shadow) {
    decide::Archive archive(store.database());
    decide::Page page;
    while (archive.next(range, page)) {
      for (std::size_t i = 0; i < page.size(); ++i) shadow.add(page.line(i));
    }
  }

  void mention_watching(state::Store& store, decide::Shadow& shadow) const {
    for (const policy::Document& d : store.documents()) {
      const bool asked = policies_.empty() ||
                         std::find(policies_.begin(), policies_.end(), d.id) != policies_.end();
      if (d.kind == "Policy" && asked && policy::policy_from(d).mode == policy::Mode::monitor)
        shadow.mention(d.id);
    }
  }

  // A name that neither a record nor the state knows is a typing error.
  void check_names(state::Store& store, const decide::Shadow& shadow) const {
    std::vector<std::string> known;
    for (const state::DocumentKey& key : store.keys()) {
      if (key.kind == "Policy") known.push_back(key.id);
    }
    for (const std::string& id : policies_) {
      if (shadow.policies().contains(id)) continue;
      const bool enforced = std::find(known.begin(), known.end(), id) != known.end();
      throw Error(ErrorKind::invalid,
                  enforced ? fmt::format("{} does not watch: it is enforced", id)
                           : fmt::format("no policy {} is applied, and no decision knows one", id),
                  enforced ? "its document says mode: monitor for that"
                           : std::string(trim(did_you_mean(id, known))));
    }
  }

  std::vector<std::string> policies_;
  std::string since_, algorithm_;
  bool all_ = false;
};

}  // namespace

extern const cli::Command shadow_report{"shadow report",
                                        "Tell what monitor policies would have done",
                                        kShadowDetails,
                                        cli::bind<ShadowReport>,
                                        {"text", "json", "markdown"}};

}  // namespace autopilot::commands
