// autopilot __lp: one linear program from standard input, its answer on standard output. It ends
// when whoever asked does, and whatever GLPK does, soon after the time that it was given.
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>

#include "cli/command.h"
#include "core/base/error.h"
#include "core/base/signals.h"
#include "core/optimize/lp_wire.h"

namespace autopilot::commands {
namespace {

constexpr char kLpDetails[] = "Solves a linear program for optimize; not for people.\n";
constexpr double kGrace = 5;

void end_with_parent() { ::prctl(PR_SET_PDEATHSIG, SIGKILL); }

void end_after(double seconds) {
  ::signal(SIGALRM, SIG_DFL);
  ::alarm(static_cast<unsigned>(std::clamp(seconds + kGrace, 1.0, 1e6)));
}

class Lp : public cli::Invocation {
 public:
  explicit Lp(cli::Options&) {}

  cli::Exit run(cli::Context& context) override {
    end_with_parent();
    optimize::LpModel model;
    double seconds = 0;
    if (!optimize::unpack(context.world.files.read_all_stdin(), model, seconds))
      throw Error(ErrorKind::invalid, "standard input is no linear program");
    end_after(seconds);
    // Asked to end, it answers with what it has.
    CaughtSignals interrupt{SIGINT};
    Clock& clock = context.world.clock;
    const std::int64_t deadline =
        clock.monotonic_nanos() + static_cast<std::int64_t>(std::min(seconds, 1e6) * 1e9);
    bool came = false;
    const auto stop = [&] {
      return came = came || !interrupt.take().empty() || clock.monotonic_nanos() >= deadline;
    };
    context.write(optimize::pack(optimize::solve_with_glpk_until(model, seconds, stop)));
    return cli::Exit::ok;
  }
};

}  // namespace

extern const cli::Command lp_worker{
    "__lp", "Solve a linear program", kLpDetails, cli::bind<Lp>, {"text"}};

}  // namespace autopilot::commands
