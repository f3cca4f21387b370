// autopilot reject, revoke: says no to a request, or takes back a yes.
#include "cli/command.h"
#include "commands/approving.h"
#include "core/base/error.h"
#include "core/state/approval_report.h"
#include "core/state/waiting.h"

namespace autopilot::commands {
namespace {

constexpr char kRejectDetails[] =
    R"(Says no to what waits, for good: the request is closed, whatever approvals it had. The same content cannot be asked
for again until the request would have expired. Takes the role that approving takes.

EXAMPLES
  autopilot reject 3f2a9c1d77aa --reason 'the limit protects the budget'
)";

constexpr char kRevokeDetails[] =
    R"(Takes back an approval that you gave, as long as it was not used; the request then waits again. Where you gave
none, its author and admins withdraw the request as a whole.

EXAMPLES
  autopilot revoke 3f2a9c1d77aa
)";

class Reject : public cli::Invocation {
 public:
  explicit Reject(cli::Options& o) {
    o.argument("ID", id_, "beginning of an id or digest", cli::Hint::none, true);
    o.option("--reason TEXT", reason_, "why; must be said");
  }

  cli::Exit run(cli::Context& context) override {
    if (reason_.empty()) {
      throw Error(ErrorKind::usage, "a rejection needs a reason", "say why with --reason TEXT");
    }
    state::Approvals approvals = approvals_of(context);
    const state::Waiting waiting = state::find_request(approvals, id_);
    approvals.reject(waiting, who_asks(context), reason_);
    context.show(state::describe_verdict(
        approvals, state::find_request(approvals, waiting.request().id), "rejected"));
    return cli::Exit::ok;
  }

 private:
  std::string id_;
  std::string reason_;
};

class Revoke : public cli::Invocation {
 public:
  explicit Revoke(cli::Options& o) {
    o.argument("ID", id_, "beginning of an id or digest", cli::Hint::none, true);
  }

  cli::Exit run(cli::Context& context) override {
    state::Approvals approvals = approvals_of(context);
    const state::Waiting waiting = state::find_request(approvals, id_);
    const std::string done = approvals.revoke(waiting, who_asks(context));
    context.show(state::describe_verdict(
        approvals, state::find_request(approvals, waiting.request().id), done));
    return cli::Exit::ok;
  }

 private:
  std::string id_;
};

}  // namespace

extern const cli::Command reject{
    "reject", "Reject what waits for approval", kRejectDetails, cli::bind<Reject>, {}};
extern const cli::Command revoke{
    "revoke", "Take back an approval, or a request", kRevokeDetails, cli::bind<Revoke>, {}};

}  // namespace autopilot::commands
