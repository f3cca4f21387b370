#pragma once
// The options that say what a backtest reads and how it estimates.

#include <optional>
#include <string>
#include <vector>

#include "cli/options.h"
#include "core/evaluate/question.h"

namespace autopilot::commands {

class BacktestOptions {
 public:
  explicit BacktestOptions(cli::Options& o);

  // Throws Error(usage) on what cannot be. `is_judged`: policies take the place of a target.
  evaluate::Question question(bool is_judged) const;
  bool is_forced() const { return force_; }

 private:
  void set_log(evaluate::LogRequest& request) const;
  void set_spec(evaluate::BacktestSpec& spec) const;

  std::vector<std::string> logs_, files_, context_, segments_, estimators_, columns_;
  std::string target_, baseline_, reward_, model_, window_;
  std::string propensity_ = "logged", tune_ = "slope";
  std::string missing_reward_, max_bad_ = "1%", level_ = "95%", max_weight_, penalty_;
  std::int64_t folds_ = 5, replicates_ = 10'000, refits_ = 0, seed_ = 1;
  bool force_ = false;
};

}  // namespace autopilot::commands
