#include "bench/measure.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>

#include "core/base/json.h"

namespace autopilot::bench {
namespace {

double seconds(const timeval& t) {
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
}

Timing timing_of(std::vector<double> rounds) {
  std::sort(rounds.begin(), rounds.end());
  return {rounds.front(), rounds[rounds.size() / 2]};
}

double ratio_of(const Row& row) { return row.theirs > 0 ? row.ours / row.theirs : 0; }

bool is_met(const Row& row, const Goal& goal) {
  const double value = goal.of == Goal::Of::figure ? row.ours : ratio_of(row);
  return goal.at_most ? value <= goal.bound : value >= goal.bound;
}

std::string text_of(const Row& row, const Goal& goal) {
  const char* sign = goal.at_most ? "≤" : "≥";
  if (goal.of == Goal::Of::ratio) return fmt::format("{} {}×", sign, double_text(goal.bound));
  return fmt::format("{} {} {}", sign, double_text(goal.bound), row.unit);
}

}  // namespace

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

std::vector<Timing> interleave(const std::vector<std::function<void()>>& works, int rounds) {
  std::vector<std::function<double()>> measured;
  for (const auto& work : works) {
    measured.emplace_back([&work] {
      const double before = cpu_seconds();
      work();
      return cpu_seconds() - before;
    });
  }
  return interleave_measured(measured, rounds);
}

std::vector<Timing> interleave_measured(const std::vector<std::function<double()>>& works,
                                        int rounds) {
  std::vector<std::vector<double>> all(works.size());
  for (int round = 0; round <= rounds; ++round) {
    for (std::size_t i = 0; i < works.size(); ++i) {
      const double taken = works[i]();
      if (round > 0) all[i].push_back(taken);
    }
  }
  std::vector<Timing> out;
  for (std::vector<double>& one : all) out.push_back(timing_of(std::move(one)));
  return out;
}

Goal figure_at_most(double bound) { return {Goal::Of::figure, true, bound}; }
Goal figure_at_least(double bound) { return {Goal::Of::figure, false, bound}; }
Goal ratio_at_most(double bound) { return {Goal::Of::ratio, true, bound}; }
Goal ratio_at_least(double bound) { return {Goal::Of::ratio, false, bound}; }

void report(const Row& row) {
  List goals;
  for (const Goal& goal : row.goals) {
    goals.push_back(Map{{"goal", text_of(row, goal)}, {"met", is_met(row, goal)}});
  }
  Map line{{"what", row.what}, {"ours", row.ours}, {"unit", row.unit}};
  if (!row.peer.empty()) {
    line["peer"] = row.peer;
    line["theirs"] = row.theirs;
    line["ratio"] = ratio_of(row);
  }
  line["goals"] = std::move(goals);
  std::printf("%s\n", to_json(line).c_str());
  std::fflush(stdout);
}

}  // namespace autopilot::bench
