// Traffic moved on real proxies under wrk and hey: requests lost, shares missed, time to bring all
// of it back. Usage: deploy_switch_bench [--full]   (--full: 35 switches with streams of 30 s, 200
// rollbacks)
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "bench/measure.h"
#include "core/deploy/counts_fit.h"
#include "tests/live/switching.h"

namespace autopilot::bench {
namespace {

using live::Proxy;

Row row(const std::string& proxy, const std::string& what, double ours, const std::string& unit,
        std::vector<Goal> goals) {
  Row out;
  out.what = proxy + ": " + what;
  out.ours = ours;
  out.unit = unit;
  out.goals = std::move(goals);
  return out;
}

void tell(const std::vector<std::string>& faults) {
  for (const std::string& fault : faults) fmt::print(stderr, "{}\n", fault);
}

void measure_switching(Proxy kind, const std::string& proxy, bool full) {
  live::Rig rig(kind);
  live::SwitchingPlan plan;
  plan.hold_ms = full ? 2000 : 700;
  plan.cycles = full ? 5 : 2;
  plan.stream_seconds = full ? 30 : 3;
  live::SwitchingResult r = live::run_switching(rig, plan);
  tell(r.faults);
  std::sort(r.switch_ms.begin(), r.switch_ms.end());
  double off = 0;
  int missed = 0;
  for (const live::SharePoint& point : r.shares) {
    const double share = point.bp / 1e4;
    if (point.total == 0) continue;
    off = std::max(
        off,
        std::abs(static_cast<double>(point.canary) / static_cast<double>(point.total) - share));
    missed += !deploy::counts_fit(point.canary, point.total, share);
  }
  const double switches = r.switches;
  report(row(proxy,
             fmt::format("requests under {} switches, {} versions stopped", r.switches, r.stops),
             static_cast<double>(r.requests), "requests", {}));
  report(row(proxy, "failed requests", static_cast<double>(r.failed), "requests",
             {figure_at_most(0)}));
  report(row(proxy, fmt::format("broken streams of {} s, of {}", plan.stream_seconds, r.streams),
             static_cast<double>(r.broken_streams), "streams", {figure_at_most(0)}));
  report(row(proxy, fmt::format("broken WebSockets, {} echoes", r.echoes),
             static_cast<double>(r.broken_websockets), "sockets", {figure_at_most(0)}));
  report(row(proxy, fmt::format("shares that sampling does not explain, of {}", switches), missed,
             "shares", {figure_at_most(0)}));
  report(row(proxy, "share furthest off", off * 100, "% points", {}));
  report(row(proxy, "switch, decision to verified, p50", live::percentile(r.switch_ms, 0.5), "ms",
             {}));
  report(row(proxy, "switch, decision to verified, worst", live::percentile(r.switch_ms, 1), "ms",
             {}));
}

void measure_rollbacks(Proxy kind, const std::string& proxy, bool full) {
  live::Rig rig(kind);
  const live::RollbackResult r = live::run_rollbacks(rig, full ? 200 : 30);
  tell(r.faults);
  const std::string of = fmt::format("of {} rollbacks", r.ms.size());
  report(row(proxy, "rollback, decision to verified zero, p50", live::percentile(r.ms, 0.5), "ms",
             {}));
  report(row(proxy, "rollback, p99 " + of, live::percentile(r.ms, 0.99), "ms",
             {figure_at_most(2000)}));
  report(row(proxy, "rollback, worst", live::percentile(r.ms, 1), "ms", {}));
  report(row(proxy, "rollbacks after which the canary got a request", r.leaks, "rollbacks",
             {figure_at_most(0)}));
  report(row(proxy, fmt::format("failed requests, of {}", r.requests),
             static_cast<double>(r.failed), "requests", {figure_at_most(0)}));
}

}  // namespace
}  // namespace autopilot::bench

int main(int argc, char** argv) {
  using namespace autopilot;
  const bool full = argc > 1 && std::strcmp(argv[argc - 1], "--full") == 0;
  for (const auto& [kind, name] :
       {std::pair(live::Proxy::nginx, "nginx"), std::pair(live::Proxy::haproxy, "haproxy")}) {
    if (!live::is_installed(name) || !live::is_installed("wrk") || !live::is_installed("hey")) {
      fmt::print(stderr, "{}, wrk or hey is not installed: left out\n", name);
      continue;
    }
    bench::measure_switching(kind, name, full);
    bench::measure_rollbacks(kind, name, full);
  }
}
