// autopilot __lp: linear programs from standard input, the answer to each on standard output. It
// ends when whoever asks does, and whatever GLPK does, soon after the time that a program was
// given.
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <vector>

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

// The next whole frame of standard input; nothing at its end. `read` is what was read beyond.
std::optional<std::string> next_frame(std::string& read) {
  std::string_view frame;
  std::vector<char> buffer(1 << 16);
  while (!unframe(read, frame)) {
    const ssize_t n = ::read(STDIN_FILENO, buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return std::nullopt;
    read.append(buffer.data(), static_cast<std::size_t>(n));
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
    while (const std::optional<std::string> request = next_frame(read)) {
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
