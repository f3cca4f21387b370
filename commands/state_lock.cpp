// autopilot state lock, state unlock: keep others from applying for a while.
#include <fmt/format.h>

#include "cli/command.h"
#include "core/base/error.h"
#include "core/policy/model.h"
#include "core/state/lock.h"
#include "core/state/store.h"

namespace autopilot::commands {
namespace {

constexpr char kLockDetails[] =
    R"(Keeps everybody else from applying until the time is over, the lock is given back, or the process
that it is bound to has ended. Taking it again extends it. Decisions go on.

EXAMPLES
  autopilot state lock --for 2h --reason 'incident 42'
  autopilot state lock --pid $$          # ends with this shell
)";

constexpr char kUnlockDetails[] =
    R"(Gives back the lock. With --force, somebody else's too: that takes the role admin and is audited.

EXAMPLES
  autopilot state unlock
  autopilot state unlock --force
)";

class StateLock : public cli::Invocation {
 public:
  explicit StateLock(cli::Options& o) {
    o.option("--for DURATION", duration_, "how long (default 1h)");
    o.option("--reason TEXT", reason_, "why, for those who meet it");
    o.option("--pid PID", pid_, "end it when this process of this machine ends");
  }

  cli::Exit run(cli::Context& context) override {
    if (duration_ && duration_->nanos <= 0) {
      throw Error(ErrorKind::usage, "a lock of no length locks nothing", "--for 1h, for example");
    }
    if (pid_ != 0 && !context.world.environment.process_alive(pid_)) {
      throw Error(ErrorKind::usage, fmt::format("there is no process {}", pid_));
    }
    Database& database = context.store().database();
    const std::string note = state::take_lock(
        database, context.world,
        {context.actor(), pid_, duration_.value_or(state::kLockDuration), reason_});
    if (!note.empty()) context.inform(note);
    const state::Lease lease = *state::read_lock(database);
    render::Report report{"autopilot.state-lock/v1", {{"lock", state::to_map(lease)}}, {}};
    report.text.emplace_back(render::Lines{{fmt::format(
        "The state is locked by {} until {}.", lease.holder, format_rfc3339(lease.expires))}});
    context.show(report);
    return cli::Exit::ok;
  }

 private:
  std::optional<Duration> duration_;
  std::string reason_;
  std::int64_t pid_ = 0;
};

class StateUnlock : public cli::Invocation {
 public:
  explicit StateUnlock(cli::Options& o) { o.flag("--force", force_, "somebody else's lock too"); }

  cli::Exit run(cli::Context& context) override {
    if (force_) context.require_role(policy::Role::admin, "state unlock --force");
    const bool was = state::release_lock(context.existing_store().database(), context.world,
                                         context.actor(), force_);
    render::Report report{"autopilot.state-unlock/v1", {{"was_locked", was}}, {}};
    report.text.emplace_back(
        render::Lines{{was ? "The state is unlocked." : "The state was not locked."}});
    context.show(report);
    return cli::Exit::ok;
  }

 private:
  bool force_ = false;
};

}  // namespace

extern const cli::Command state_lock{
    "state lock", "Keep others from applying for a while", kLockDetails, cli::bind<StateLock>, {}};
extern const cli::Command state_unlock{
    "state unlock", "Give back the lock on the state", kUnlockDetails, cli::bind<StateUnlock>, {}};

}  // namespace autopilot::commands
