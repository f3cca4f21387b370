#pragma once
// A backtest as it is asked for in words, on the command line or in a scenario.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/diagnostic.h"
#include "core/base/world.h"
#include "core/evaluate/backtest.h"
#include "core/evaluate/log.h"

namespace autopilot::evaluate {

struct Question {
  // "uniform", "always:A", "weights:FILE", "columns:PREFIX", …; with a judge of the log, its name.
  std::string target;
  std::string baseline;  // the same, or "logged"
  std::string model;     // "tabular", "ridge", "logistic", "columns:PREFIX"; empty: by the log
  LogRequest log;
  BacktestSpec spec;                       // no estimators: all that can be
  std::map<std::string, Weights> weights;  // by file; load_weights()
};

// One or several words that name a policy.
enum class TargetKind { logged, uniform, always, weights, column, columns, action, algorithm };
struct TargetWords {
  TargetKind kind = TargetKind::logged;
  std::string rest;  // what stands behind the kind
};
TargetWords parse_target(const std::string& text);               // throws Error(usage)
ModelSpec parse_model(const std::string& text, ModelSpec spec);  // likewise

// Reads the files of weights that the question names, before any log is read.
void load_weights(Question& question, Files& files, Diagnostics& faults);

struct Answer {
  Log log;
  std::unique_ptr<Target> target, baseline;  // baseline: null is what was logged
  Backtest backtest;
};
// Reads the log and runs the backtest. The answer must stay where it is. REQUIRES that weights are
// loaded.
std::unique_ptr<Answer> answer(Question question, Files& files,
                               const events::EventReader::Progress& progress = {});

}  // namespace autopilot::evaluate
