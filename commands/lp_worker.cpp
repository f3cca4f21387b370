// autopilot __lp: linear programs from standard input, the answer to each on standard output. It
// ends when whoever asks does, and whatever GLPK does, soon after the time that a program was
// given.
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <optional>

#include "cli/command.h"
#include "core/base/conversation.h"
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

// The next frame of standard input; nothing at its end. `read` is what was read beyond.
std::optional<std::string> next_frame(Files& files, std::string& read) {
  std::string_view frame;
  while (!unframe(read, frame)) {
    const std::string piece = files.read_stdin();
    if (piece.empty() && !read.empty())
      throw Error(ErrorKind::invalid, "standard input is no linear program");
    if (piece.empty()) return std::nullopt;
    read += piece;
  }
  std::string out(frame);
  read.erase(0, framed("").size() + out.size());
  return out;
}

class Lp : public cli::Invocation {
 public:
  explicit Lp(cli::Options&) {}

  cli::Exit run(cli::Context& context) override {
    end_with_parent();
    // Asked to end, it answers with what it has.
    CaughtSignals interrupt{SIGINT};
    std::string read;
    while (const std::optional<std::string> request = next_frame(context.world.files, read)) {
      context.write(framed(answer(*request, context.world.clock, interrupt)));
      context.flush();
      ::alarm(0);
    }
    return cli::Exit::ok;
  }

 private:
  static std::string answer(std::string_view request, Clock& clock, CaughtSignals& interrupt) {
    optimize::LpModel model;
    double seconds = 0;
    if (!optimize::unpack(request, model, seconds))
      throw Error(ErrorKind::invalid, "standard input is no linear program");
    end_after(seconds);
    const std::int64_t deadline =
        clock.monotonic_nanos() + static_cast<std::int64_t>(std::min(seconds, 1e6) * 1e9);
    bool came = false;
    const auto stop = [&] {
      return came = came || !interrupt.take().empty() || clock.monotonic_nanos() >= deadline;
    };
    return optimize::pack(optimize::solve_with_glpk_until(model, seconds, stop));
  }
};

}  // namespace

extern const cli::Command lp_worker{
    "__lp", "Solve a linear program", kLpDetails, cli::bind<Lp>, {"text"}};

}  // namespace autopilot::commands
