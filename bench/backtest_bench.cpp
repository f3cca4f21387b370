// `autopilot backtest` as a whole process on generated logs, against reading them alone (our reader
// and simdjson On-Demand) and, where python3 has numpy, against a careful numpy program.
#include <fmt/format.h>

#include <chrono>
#include <cstdio>

#include "bench/measure.h"
#include "bench/on_demand_events.h"
#include "bench/process.h"
#include "bench/project.h"
#include "core/base/system.h"
#include "core/evaluate/log.h"

namespace autopilot::bench {
namespace {

constexpr std::size_t kArms = 34, kPositions = 3;

// Uniform logs in the manner of the Open Bandit Dataset; a file is written once.
class EventFiles {
 public:
  explicit EventFiles(std::string folder) : folder_(std::move(folder)) {}

  std::string jsonl(std::size_t rows) {
    return write(fmt::format("{}/log-{}.jsonl", folder_, rows), rows, true);
  }
  std::string csv(std::size_t rows) {
    return write(fmt::format("{}/log-{}.csv", folder_, rows), rows, false);
  }
  std::string weights() {
    const std::string path = folder_ + "/weights.csv";
    std::string text = "action,weight\n";
    for (std::size_t a = 0; a < kArms; ++a) text += fmt::format("{},{}\n", a, a + 1);
    put(path, text);
    return path;
  }

 private:
  std::uint64_t next() {
    state_ = state_ * 6364136223846793005 + 1442695040888963407;
    return state_ >> 33;
  }

  std::string write(const std::string& path, std::size_t rows, bool json) {
    std::FILE* const file = std::fopen(path.c_str(), "w");
    if (!json) std::fputs("action,position,propensity,reward,time\n", file);
    for (std::size_t i = 0; i < rows; ++i) {
      const auto action = next() % kArms, position = next() % kPositions + 1;
      const int reward = next() % 1000 < 5 + action / 8;
      const auto second = i % 86400;
      const std::string time = fmt::format("2026-01-{:02}T{:02}:{:02}:{:02}Z", i * 28 / rows + 1,
                                           second / 3600, second / 60 % 60, second % 60);
      fmt::print(file,
                 fmt::runtime(json ? "{{\"time\":\"{4}\",\"action\":\"{0}\",\"position\":{1},"
                                     "\"propensity\":{2},\"reward\":{3}}}\n"
                                   : "{0},{1},{2},{3},{4}\n"),
                 action, position, 1.0 / kArms, reward, time);
    }
    std::fclose(file);
    return path;
  }
  static void put(const std::string& path, const std::string& text) {
    std::FILE* const file = std::fopen(path.c_str(), "w");
    std::fputs(text.c_str(), file);
    std::fclose(file);
  }

  std::string folder_;
  std::uint64_t state_ = 1;
};

double wall_of(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

void read_alone(const std::string& path) {
  System system;
  evaluate::LogRequest request;
  request.paths = {path};
  keep(evaluate::read_log(system.world().files, request).reward_sum);
}

// Empty when no interpreter has it.
std::string python_with_numpy() {
  for (const char* python : {"python3", "/usr/bin/python3"}) {
    const std::string look = fmt::format("{} -c 'import numpy' 2> /dev/null", python);
    if (std::system(look.c_str()) == 0) return python;
  }
  return {};
}

void run_all(const Setting& setting) {
  EventFiles files(setting.folder);
  const std::string weights = files.weights();
  const auto backtest = [&](const std::string& log, std::vector<std::string> more) {
    Command command;
    command.words = {setting.autopilot, "-q", "backtest", log, "--target", weights, "--json"};
    command.words.insert(command.words.end(), more.begin(), more.end());
    return command;
  };
  const std::string million = files.jsonl(1'000'000), small = files.jsonl(10'000);
  const std::string million_csv = files.csv(1'000'000);
  Cost cost;
  double wall = 1e9;
  for (int i = 0; i < 3; ++i) {
    wall = std::min(wall, wall_of([&] { cost = run(backtest(million, {})); }));
  }
  report({"backtest, 1 M JSONL rows, 12 estimators, B = 10,000: CPU",
          cost.cpu_seconds * 1e3,
          "ms",
          "",
          0,
          {figure_at_most(500)}});
  report({"the same: wall", wall * 1e3, "ms", "", 0, {figure_at_most(300)}});
  report({"the same: memory", cost.peak_mib, "MiB", "", 0, {figure_at_most(150)}});
  // Before this process reads logs itself: a child's peak counts what its parent had.
  if (setting.full) {
    const std::string many = files.jsonl(10'000'000);
    Cost ten;
    const double ten_wall = wall_of([&] { ten = run(backtest(many, {})); });
    report({"backtest, 10 M JSONL rows: wall",
            ten_wall * 1e3,
            "ms",
            "ten times 1 M",
            wall * 1e4,
            {ratio_at_most(1.1)}});
    report({"backtest, 10 M JSONL rows: memory",
            ten.peak_mib,
            "MiB",
            "1 M rows",
            cost.peak_mib,
            {ratio_at_most(1.3)}});
  }
  double least = 1e9;
  for (int i = 0; i < 5; ++i) least = std::min(least, wall_of([&] { run(backtest(small, {})); }));
  report(
      {"backtest, 10 k rows, whole process, wall", least * 1e3, "ms", "", 0, {figure_at_most(15)}});
  for (const auto& [name, path] : {std::pair{"JSONL", million}, std::pair{"CSV", million_csv}}) {
    const std::vector<Timing> t = interleave_measured(
        {[&] {
           return cpu_of(backtest(path, {"--estimator", "ips,snips", "--replicates", "0"}));
         },
         [&] {
           const double begin = cpu_seconds();
           read_alone(path);
           return cpu_seconds() - begin;
         },
         [&] {
           const double begin = cpu_seconds();
           keep(path == million ? scan_events(path) : scan_lines(path));
           return cpu_seconds() - begin;
         }},
        3);
    report({fmt::format("ips, snips, 1 M {} rows, CPU", name),
            t[0].least * 1e3,
            "ms",
            "our reader alone",
            t[1].least * 1e3,
            {ratio_at_most(1.5)}});
    report({fmt::format("our reader, 1 M {} rows, CPU", name),
            t[1].least * 1e3,
            "ms",
            path == million ? "simdjson On-Demand, one thread, no columns"
                            : "reading lines and fields",
            t[2].least * 1e3,
            {}});
  }
  if (const std::string python = python_with_numpy(); !python.empty()) {
    const Cost numpy = run({{python, BACKTEST_NUMPY, million, weights}});
    report({"backtest, 1 M JSONL rows, against numpy without intervals: CPU",
            cost.cpu_seconds * 1e3,
            "ms",
            "numpy",
            numpy.cpu_seconds * 1e3,
            {}});
  }
}

}  // namespace
}  // namespace autopilot::bench

int main(int count, char** words) {
  autopilot::bench::run_all(autopilot::bench::setting_from(count, words));
}
