#include "tests/live/switching.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace autopilot::live {
namespace {

struct Counts {
  std::int64_t canary = 0, stable = 0;
};

class Cycle {
 public:
  Cycle(Rig& rig, const SwitchingPlan& plan, LongClients& clients, SwitchingResult& result)
      : rig_(rig), plan_(plan), clients_(clients), result_(result) {}

  void run(const std::string& canary, const std::string& stable, int number) {
    rig_.start(canary, fmt::format("v{}", number));
    for (const int bp : plan_.steps) step(canary, stable, bp);
    // The socket of the old version is closed by its client, who comes back to the new one; streams
    // are waited for.
    clients_.reopen_websocket();
    if (rig_.drain_and_stop(stable, plan_.stream_seconds + 10)) {
      ++result_.stops;
    } else {
      result_.faults.push_back(stable + " was not drained in time");
    }
  }

 private:
  void step(const std::string& canary, const std::string& stable, int bp) {
    const double ms = rig_.switch_to(canary, stable, bp);
    ++result_.switches;
    if (ms < 0) result_.faults.push_back(fmt::format("{} at {}: {}", canary, bp, rig_.last_why()));
    result_.switch_ms.push_back(ms);
    sleep_ms(100);  // what was on its way arrives
    const Counts before = counts(canary, stable);
    sleep_ms(plan_.hold_ms);
    const Counts after = counts(canary, stable);
    const std::int64_t taken = after.canary - before.canary;
    result_.shares.push_back({bp, taken, taken + after.stable - before.stable});
  }

  Counts counts(const std::string& canary, const std::string& stable) {
    return {rig_.served(canary), rig_.served(stable)};
  }

  Rig& rig_;
  const SwitchingPlan& plan_;
  LongClients& clients_;
  SwitchingResult& result_;
};

// How long the load must last.
int seconds_needed(const SwitchingPlan& plan) {
  const int a_step = plan.hold_ms + 500;
  return plan.cycles *
         (static_cast<int>(plan.steps.size()) * a_step / 1000 + plan.stream_seconds + 3);
}

}  // namespace

double percentile(const std::vector<double>& sorted, double share) {
  if (sorted.empty()) return -1;
  const double rank = std::ceil(share * static_cast<double>(sorted.size()));
  return sorted[static_cast<std::size_t>(std::max(1.0, rank)) - 1];
}

SwitchingResult run_switching(Rig& rig, const SwitchingPlan& plan) {
  SwitchingResult result;
  rig.start("blue", "v0");
  rig.traffic().install({500, 2500, 10000});
  if (rig.switch_to("green", "blue", 0) < 0) result.faults.push_back(rig.last_why());
  {
    LongClients clients(rig.port(), plan.stream_seconds);
    Load wrk(rig, Load::Tool::wrk, seconds_needed(plan));
    Load hey(rig, Load::Tool::hey, seconds_needed(plan));
    sleep_ms(300);
    Cycle cycle(rig, plan, clients, result);
    for (int i = 0; i < plan.cycles; ++i) {
      i % 2 == 0 ? cycle.run("green", "blue", i + 1) : cycle.run("blue", "green", i + 1);
    }
    for (Load* load : {&wrk, &hey}) {
      const Load::Result done = load->wait();
      result.requests += done.requests;
      result.failed += done.failed;
      if (done.requests == 0 || done.failed > 0) result.faults.push_back(done.text);
    }
    result.streams = clients.streams;
    result.echoes = clients.echoes;
    result.broken_streams = clients.broken_streams;
    result.broken_websockets = clients.broken_websockets;
  }
  return result;
}

RollbackResult run_rollbacks(Rig& rig, int count) {
  RollbackResult result;
  rig.start("blue", "v0");
  rig.start("green", "v1");
  rig.traffic().install({500});
  rig.switch_to("green", "blue", 0);
  while (static_cast<int>(result.ms.size()) < count) {
    const int seconds = std::min(20, 4 + count / 8);
    Load wrk(rig, Load::Tool::wrk, seconds);
    const std::int64_t end = monotonic_ms() + (seconds - 1) * 1000;
    while (static_cast<int>(result.ms.size()) < count && monotonic_ms() < end) {
      if (rig.switch_to("green", "blue", 500) < 0) result.faults.push_back(rig.last_why());
      sleep_ms(20);
      const double ms = rig.switch_to("green", "blue", 0);
      if (ms < 0) result.faults.push_back(rig.last_why());
      result.ms.push_back(ms);
      sleep_ms(20);  // what was on its way arrives
      const std::int64_t served = rig.served("green");
      sleep_ms(30);
      result.leaks += rig.served("green") != served;
    }
    const Load::Result done = wrk.wait();
    result.requests += done.requests;
    result.failed += done.failed;
    if (done.failed > 0) result.faults.push_back(done.text);
  }
  std::sort(result.ms.begin(), result.ms.end());
  return result;
}

}  // namespace autopilot::live
