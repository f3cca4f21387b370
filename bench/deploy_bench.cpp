// Rollouts in virtual time: what `deploy simulate` takes for twelve hours, and what a runner keeps
// in memory over two days, with its journal on disk.
//
// deploy_bench AUTOPILOT FOLDER

#include <fmt/format.h>

#include <filesystem>
#include <fstream>

#include "bench/measure.h"
#include "bench/process.h"
#include "core/base/json.h"
#include "core/deploy/analysis.h"
#include "core/deploy/runner.h"
#include "core/state/store.h"
#include "tests/deploy/runner_world.h"
#include "tests/fakes.h"

namespace autopilot::bench {
namespace {

namespace fake = deploy::testing;

constexpr int kRounds = 5;
constexpr int kHour = 3600;

constexpr const char* kStrategy = R"(apiVersion: autopilot/v1
kind: Deployment
metadata: {id: shop}
spec:
  preset: canary-5-25-100
  slots: {blue: {port: 8001}, green: {port: 8002}}
  process: {provider: exec, argv: [./serve]}
  traffic: {provider: nginx, directory: nginx}
  metrics:
    errors: {provider: prometheus, kind: count, bad: b, total: t}
    latency: {provider: prometheus, kind: count, bad: b, total: t}
    precision: {provider: http, url: "http://127.0.0.1/"}
  bake: {for: 1m}
)";

// Twelve hours and a little, each ten seconds: three metrics of two arms.
void write_samples(const std::string& path) {
  std::ofstream out(path);
  const Instant begin = *parse_rfc3339("2026-11-20T10:00:00Z");
  for (int i = 1; i <= 13 * kHour / 10; ++i) {
    const std::string time = format_rfc3339(begin + Duration::seconds(10 * i));
    for (const char* arm : {"canary", "stable"}) {
      for (const char* metric : {"errors", "latency"})
        out << fmt::format(
            "{{\"metric\":\"{}\",\"arm\":\"{}\",\"time\":\"{}\",\"bad\":{},\"total\":1000}}\n",
            metric, arm, time, 3 + i % 5);
      out << fmt::format(
          "{{\"metric\":\"precision\",\"arm\":\"{}\",\"time\":\"{}\",\"value\":0.9{}}}\n", arm,
          time, 50 + i % 9);
    }
  }
}

void simulation(const std::string& autopilot, const std::string& folder) {
  std::ofstream(folder + "/autopilot.yaml") << "paths: [policies]\n";
  run({{"mkdir", "-p", folder + "/policies"}, "/dev/null", "/dev/null", folder});
  std::ofstream(folder + "/policies/shop.yaml") << kStrategy;
  write_samples(folder + "/samples.jsonl");
  run({{autopilot, "apply", "--yes", "-q"}, "/dev/null", "/dev/null", folder});
  const Command command{{autopilot, "deploy", "simulate", "shop", "--metrics", "samples.jsonl"},
                        "/dev/null",
                        folder + "/simulated",
                        folder};
  const Timing time = interleave_measured({[&] { return cpu_of(command); }}, kRounds)[0];
  report({"simulate a rollout of 12 h", time.median * 1e3, "ms", "", 0, {figure_at_most(1000)}});
}

// ---- memory

constexpr const char* kForever = R"({
  "slots": {"blue": {"port": 8001}, "green": {"port": 8002}},
  "interval": "10s",
  "process": {"provider": "exec"}, "traffic": {"provider": "exec"},
  "metrics": {"errors": {"provider": "prometheus", "kind": "count", "bad": "b", "total": "t",
                         "window": "5m"}},
  "analyses": {"sequential": {"method": "sequential", "metrics": ["errors"], "overdispersion": 1}},
  "steps": [{"name": "canary", "weight": "5%", "hold": "100h", "analysis": "sequential"}],
  "rollback": [{"name": "errors", "when": "canary.errors > 0.02", "for": "5m"}]
})";

double resident_mib() {
  std::ifstream file("/proc/self/statm");
  double pages = 0;
  file >> pages >> pages;
  return pages * 4096 / (1 << 20);
}

void memory(const std::string& folder) {
  const std::string path = folder + "/state.db";
  state::Store::open_or_create(path);
  const auto store = state::Store::open(path);
  autopilot::testing::FakeWorld fakes;
  fakes.clock.time = *parse_rfc3339("2026-01-05T10:00:00Z");
  fake::Outside outside;
  deploy::Providers providers;
  providers.traffic = std::make_unique<fake::FakeTraffic>(outside);
  providers.process = std::make_unique<fake::FakeProcess>(outside);
  providers.metrics["errors"] = std::make_unique<fake::FakeMetrics>(outside);
  providers.decider = std::make_unique<fake::FakeDecider>(outside);
  deploy::Journal journal(store->database(), fakes.world);
  journal.take_lease({"shop", ""}, "ada");
  deploy::Rollout r;
  r.id = "shop-1";
  r.deployment = "shop";
  r.version = "v2";
  r.previous = "v1";
  r.canary = "green";
  r.stable = "blue";
  r.boot_id = fakes.environment.boot_id();
  r.created = r.stage_since = fakes.clock.now();
  r.spec = parse_json_or_throw(kForever, "spec");
  const Instant begin = r.created;
  journal.create(r, {});
  double at[3] = {};  // after 12, 24 and 48 hours
  deploy::RunnerSettings settings;
  settings.watch = [&](const deploy::Rollout&) {
    const Duration passed = fakes.clock.now() - begin;
    for (int i = 0; i < 3; ++i) {
      if (at[i] == 0 && passed >= Duration::seconds((12 << i) * kHour)) at[i] = resident_mib();
    }
    return at[2] == 0;
  };
  const double before = cpu_seconds();
  deploy::Runner(
      journal, providers, fakes.world, "shop-1",
      [](const Value& analysis, const std::vector<deploy::Judgeable>& metrics, const Value& state,
         const std::vector<deploy::Sample>& samples) {
        return deploy::judge(analysis, metrics, state, samples);
      },
      settings)
      .run();
  report({"memory of deploy run after 48 h",
          at[2],
          "MiB",
          "itself after 12 h",
          at[0],
          {ratio_at_most(1.02)}});
  report(
      {"deploy run for 48 h, an hour of it", (cpu_seconds() - before) / 48 * 1e3, "ms", "", 0, {}});
}

}  // namespace
}  // namespace autopilot::bench

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  autopilot::bench::simulation(std::filesystem::absolute(argv[1]), argv[2]);
  autopilot::bench::memory(argv[2]);
}
