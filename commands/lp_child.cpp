#include "commands/lp_child.h"

#include <fmt/format.h>
#include <signal.h>

#include <cmath>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/optimize/lp_wire.h"

namespace autopilot::commands {
namespace {

constexpr char kSelf[] = "/proc/self/exe";
constexpr double kGrace = 2;              // seconds that GLPK may need to see that its time is up
constexpr std::size_t kMost = 512 << 20;  // bytes of an answer

}  // namespace

optimize::LpSolver child_solver(World& world, int wake_descriptor) {
  const std::shared_ptr<Conversation> worker = world.processes.converse({kSelf, "__lp"});
  return [worker, wake_descriptor](const optimize::LpModel& model, double seconds) {
    if (const std::string fault = optimize::fault_of(model); !fault.empty())
      throw Error(ErrorKind::bug, "a linear program is malformed: " + fault);
    CaptureLimits limits;
    limits.time =
        Duration::milliseconds(static_cast<std::int64_t>(std::min(seconds + kGrace, 1e6) * 1000));
    limits.output = kMost;
    limits.wake_descriptor = wake_descriptor;
    const Captured child = worker->ask(optimize::pack(model, seconds), limits);
    optimize::LpAnswer answer;
    const bool woken = child.end == Captured::End::killed && child.status == SIGINT;
    if (child.end == Captured::End::timed_out || woken) {
      answer.bound = optimize::kInfinity;
      return answer;
    }
    if (!child.ok() || !optimize::unpack(child.out, answer)) {
      std::string said(trim(child.err));
      if (said.empty() && child.end == Captured::End::killed)
        said = fmt::format("it was ended by signal {}", child.status);
      throw Error(ErrorKind::outside,
                  fmt::format("GLPK gave up{}", said.empty() ? std::string() : ": " + said));
    }
    return answer;
  };
}

}  // namespace autopilot::commands
