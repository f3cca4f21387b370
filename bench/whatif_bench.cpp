// `autopilot whatif` as a whole process: 10 k recorded decisions, 100 policies, a sweep of many
// points over a part of the context, over a limit, over a condition and over a mutation, which
// leaves nothing to recall. Beside each, deciding all of them once (a sweep of one point).
#include <fmt/format.h>

#include <chrono>

#include "bench/measure.h"
#include "bench/project.h"

namespace autopilot::bench {
namespace {

constexpr std::size_t kDecisions = 10'000;

double wall_seconds(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

std::string recorded(const Setting& setting, Files& files) {
  const std::string project = decide_project(setting, files, "whatif");
  const std::string actions = project + "/actions.jsonl";
  write_actions(actions, kDecisions);
  Command decide = autopilot_command(setting, project, {"-q", "decide"});
  decide.input = actions;
  run(decide);
  return project;
}

struct Parameter {
  const char* what;
  std::string path;
  double least, most;  // of the sweep
  std::vector<std::string> also = {};
};

void run_all(const Setting& setting) {
  System system;
  const std::string project = recorded(setting, system.world().files);
  const std::size_t points = setting.full ? 1000 : 100;
  const Parameter parameters[] = {
      {"a metric", "metrics.cvr_1h", 0, 0.1},
      {"a limit", "policy.policy-001.limits.hourly.max", 0, 10'000},
      {"a condition",
       "$floor",
       0,
       0.1,
       {"--set", "policy.policy-021.guards.floor.deny=metrics.cvr_1h < $floor"}},
      {"a bound", "policy.policy-000.mutations.range.clamp[1]", 0.05, 0.75},
  };
  for (const Parameter& p : parameters) {
    const auto sweep = [&](std::size_t count) {
      const double step = (p.most - p.least) / static_cast<double>(count);
      std::vector<std::string> words{
          "-q",          "whatif",
          "--all",       "--json",
          "--tolerance", "0.1",
          "--sweep",     fmt::format("{}={}:{}:{}", p.path, p.least + step, p.most, step)};
      words.insert(words.end(), p.also.begin(), p.also.end());
      return wall_seconds([&] { run(autopilot_command(setting, project, words)); });
    };
    const double once = sweep(1);
    report({fmt::format("whatif, 10 k decisions, {} points of {}, wall", points, p.what),
            sweep(points) * 1e3,
            "ms",
            "1 point",
            once * 1e3,
            {figure_at_most(5000.0 * static_cast<double>(points) / 1000)}});
  }
}

}  // namespace
}  // namespace autopilot::bench

int main(int count, char** words) {
  autopilot::bench::run_all(autopilot::bench::setting_from(count, words));
}
