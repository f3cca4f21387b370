#pragma once
// Backtests of many synthetic logs: how often intervals hold the truth, and how far estimates are
// from it.

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "tests/evaluate/synthetic.h"

namespace autopilot::testing {

struct Replicated {
  int logs = 0, refused = 0;  // of those, by the verdict
  struct Kind {
    int covered = 0, stated = 0;
    double width = 0;
    double share() const { return stated > 0 ? static_cast<double>(covered) / stated : 0; }
  };
  struct Estimator {
    double squares = 0;              // of errors, of all logs
    std::map<std::string, Kind> by;  // of logs that were not refused, by kind of interval
    double deviation(int logs) const { return std::sqrt(squares / logs); }
  };
  std::map<std::string, Estimator> estimators;
};

inline Replicated replicate(const SyntheticWorld& world, std::size_t rows, int logs,
                            const evaluate::BacktestSpec& given) {
  Replicated out;
  out.logs = logs;
  for (int i = 0; i < logs; ++i) {
    FakeFiles files;
    const auto log = synthetic_log(world, rows, static_cast<std::uint64_t>(i) + 1, files);
    const evaluate::ColumnsTarget target(*log, "pe");
    evaluate::BacktestSpec spec = given;
    spec.seed = static_cast<std::uint64_t>(i) + 1;
    const evaluate::Backtest found = evaluate::run_backtest(*log, target, nullptr, spec);
    const bool refused = found.trust == evaluate::Trust::no;
    out.refused += refused;
    for (std::size_t k = 0; k < found.estimates.size(); ++k) {
      const evaluate::Estimated& e = found.estimates[k];
      Replicated::Estimator& to = out.estimators[evaluate::name_of(given.estimators[k])];
      to.squares += (e.value - world.value) * (e.value - world.value);
      if (refused) continue;
      const auto count = [&](const char* kind, const evaluate::Stated& stated) {
        if (!stated.is_sound()) return;
        Replicated::Kind& by = to.by[kind];
        ++by.stated;
        by.covered += stated.interval->low <= world.value && world.value <= stated.interval->high;
        by.width += stated.interval->high - stated.interval->low;
      };
      count("delta", e.delta);
      count("bootstrap", e.bootstrap);
      count("bernstein", e.bernstein);
      count("anytime", e.anytime);
    }
  }
  return out;
}

}  // namespace autopilot::testing
