#pragma once
// Several backtests of one log, named and compared: `backtest counterfactual`.

#include <string>
#include <vector>

#include "core/base/diagnostic.h"
#include "core/evaluate/governed.h"
#include "core/evaluate/question.h"
#include "core/evaluate/report.h"

namespace autopilot::evaluate {

struct Scenario {
  std::string name;
  Question question;
  std::string policies;  // folder of those that are asked about instead of a target; or empty
  GovernedAction as;     // what rows are to them
};

// Reads a file of scenarios. Faults go to `faults`; none are returned then.
//
//   logs: [log.csv]
//   columns: {action: item_id, reward: click}
//   scenarios:
//     - {name: even, target: uniform}
//     - {name: new weights, target: weights.json, baseline: uniform}
//     - {name: stricter, policies: stricter/}
std::vector<Scenario> read_scenarios(const std::string& text, const std::string& file,
                                     Diagnostics& faults);

struct ScenarioResult {
  std::string name;
  std::unique_ptr<Governor> governor;  // of policies
  std::unique_ptr<Answer> answer;
  BacktestStory story;
};
// p-values are corrected for being many (Holm).
render::Report describe_scenarios(const std::vector<ScenarioResult>& results);

}  // namespace autopilot::evaluate
