// How often the intervals of `backtest` hold the truth, and how close its estimates come to the
// semiparametric bound, over many synthetic logs; heavy tails included.
#include <fmt/format.h>

#include <cstdlib>

#include "bench/measure.h"
#include "tests/evaluate/replications.h"

namespace autopilot::bench {
namespace {

using testing::Replicated;

constexpr int kFewestStated = 50;

void report_world(const char* name, const testing::SyntheticWorld& world, std::size_t rows,
                  int logs, bool bounds_error) {
  evaluate::BacktestSpec spec;
  for (const char* e : {"ips", "snips", "dr", "sndr", "mrdr", "replay"})
    spec.estimators.push_back(evaluate::parse_estimator(e));
  const Replicated found = testing::replicate(world, rows, logs, spec);
  report({.what = fmt::format("{}, {} rows, {} logs: refused", name, rows, logs),
          .ours = 100.0 * found.refused / found.logs,
          .unit = "%"});
  const double least = world.least_deviation / std::sqrt(static_cast<double>(rows));
  for (const auto& [estimator, of] : found.estimators) {
    std::vector<Goal> goals;
    if (bounds_error && (estimator == "dr" || estimator == "sndr"))
      goals.push_back(figure_at_most(rows >= 10'000 ? 1.02 : 1.08));
    report({.what = fmt::format("{}, {} rows: {} RMSE over the bound", name, rows, estimator),
            .ours = of.deviation(found.logs) / least,
            .unit = "x",
            .goals = goals});
    for (const auto& [kind, by] : of.by) {
      std::vector<Goal> wanted;
      const bool exact = kind == "delta" || kind == "bootstrap";
      wanted.push_back(figure_at_least(exact ? 93.5 : 95));
      if (exact) wanted.push_back(figure_at_most(96.5));
      if (by.stated == 0) continue;
      if (by.stated < kFewestStated) wanted.clear();  // as good as refused: too few to tell
      report({.what = fmt::format("{}, {} rows: {} {} coverage of {} stated", name, rows, estimator,
                                  kind, by.stated),
              .ours = 100 * by.share(),
              .unit = "%",
              .goals = wanted});
    }
  }
}

}  // namespace
}  // namespace autopilot::bench

int main(int count, char** words) {
  using namespace autopilot;
  const bool full = count > 1 && std::string(words[1]) == "--full";
  const int logs = full ? 2000 : 200;
  const testing::SyntheticWorld light = testing::synthetic_world(0.35, 1, 400'000);
  const testing::SyntheticWorld heavy = testing::synthetic_world(0.7, 2, 400'000);
  bench::report_world("light tails", light, 2000, logs, true);
  bench::report_world("light tails", light, 10'000, logs, true);
  bench::report_world("heavy tails", heavy, 2000, logs, false);
  bench::report_world("heavy tails", heavy, 10'000, logs, false);
}
