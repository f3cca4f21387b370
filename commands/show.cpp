// autopilot show: why a decision came out as it did.
#include "cli/command.h"
#include "core/decide/archive.h"
#include "core/decide/replay.h"
#include "core/decide/summary.h"
#include "core/state/policy_sets.h"
#include "core/state/store.h"

namespace autopilot::commands {
namespace {

constexpr char kShowDetails[] =
    R"(Shows a recorded decision as a tree: every policy of the revision that took it, whether it applied and why not,
and every gate, mutation, guard and limit with the values it saw. It is worked out again from the record alone.

DECISION is an id, the beginning of one, or latest.

EXAMPLES
  autopilot show latest
  autopilot show 0199a1b2c3d4-7001 --format json
)";

class Show : public cli::Invocation {
 public:
  explicit Show(cli::Options& o) {
    o.argument("DECISION", decision_, "id of a decision, its beginning, or latest",
               cli::Hint::decision, true);
  }

  cli::Exit run(cli::Context& context) override {
    state::Store& store = context.existing_store();
    decide::Archive archive(store.database());
    std::string line = archive.find(decision_);
    const std::size_t size = line.size();
    line.append(kPadding, ' ');
    state::PolicySets policies(store);
    decide::Replayer replayer(policies);
    decide::Trace trace;
    const std::string_view record = std::string_view(line).substr(0, size);
    const bool same = replayer.replay(record, &trace) == record;
    context.show(decide::describe(record, trace, same));
    return cli::Exit::ok;
  }

 private:
  std::string decision_;
};

}  // namespace

extern const cli::Command show{"show",
                               "Show why a decision came out as it did",
                               kShowDetails,
                               cli::bind<Show>,
                               {"tree", "text", "json", "html"}};

}  // namespace autopilot::commands
