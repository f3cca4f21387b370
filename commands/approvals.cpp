// autopilot approvals, approvals show: what waits for approval, and exactly what each of it is.
#include "core/state/approvals.h"

#include "cli/command.h"
#include "commands/approving.h"
#include "core/state/approval_report.h"
#include "core/state/waiting.h"

namespace autopilot::commands {
namespace {

constexpr char kApprovalsDetails[] =
    R"(Lists what waits for approval, the newest first: plans that somebody wanted to apply, decisions that are pending, and
gates. NEEDS says how many people of which role must approve, HAS how many whose approval counts did.

EXAMPLES
  autopilot approvals
  autopilot approvals --all --json
)";

constexpr char kShowDetails[] =
    R"(Shows what somebody who approves ID approves: for a plan its changes field by field and what they would have made
of the newest recorded decisions; for a decision the tree of what every policy saw. It says who asks, how much approval
it takes and why, what was said so far and what of that counts, and the very bytes that an approval signs.

ID is the beginning of the id or digest of a request, or of the id of a decision.

EXAMPLES
  autopilot approvals show 3f2a9c1d77aa
  autopilot approvals show 0199a1b2c3d4 --json
)";

class List : public cli::Invocation {
 public:
  explicit List(cli::Options& o) {
    o.flag("--all", all_, "also what was used, rejected or withdrawn, or has expired");
    o.option("-n,--count N", count_, "at most N (default 100)");
  }

  cli::Exit run(cli::Context& context) override {
    state::Approvals approvals = approvals_of(context);
    context.show(
        state::describe_requests(approvals, state::waiting_requests(approvals, all_, count_)));
    return cli::Exit::ok;
  }

 private:
  bool all_ = false;
  std::int64_t count_ = 100;
};

class ShowRequest : public cli::Invocation {
 public:
  explicit ShowRequest(cli::Options& o) {
    o.argument("ID", id_, "beginning of an id or digest", cli::Hint::none, true);
  }

  cli::Exit run(cli::Context& context) override {
    state::Approvals approvals = approvals_of(context);
    context.show(
        state::describe_request(approvals, state::find_request(approvals, id_), who_asks(context)));
    return cli::Exit::ok;
  }

 private:
  std::string id_;
};

}  // namespace

extern const cli::Command approvals{
    "approvals", "List what waits for approval", kApprovalsDetails, cli::bind<List>, {}};
extern const cli::Command approvals_show{"approvals show",
                                         "Show exactly what an approval approves",
                                         kShowDetails,
                                         cli::bind<ShowRequest>,
                                         {}};

}  // namespace autopilot::commands
