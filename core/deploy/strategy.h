#pragma once
// A rollout's own copy of its deployment, made ready: stages laid out, conditions compiled. Made
// once per process; holds nothing of where the rollout is.

#include <functional>
#include <string>
#include <vector>

#include "core/deploy/analysis.h"
#include "core/deploy/condition.h"
#include "core/deploy/rollout.h"
#include "core/deploy/stages.h"

namespace autopilot::deploy {

// core/deploy/analysis.h's judge(), or a test's own.
using JudgeFunction =
    std::function<Judged(const Value& analysis, const std::vector<Judgeable>& metrics,
                         const Value& state, const std::vector<Sample>& samples)>;

struct Strategy {
  Strategy(const Rollout& rollout, JudgeFunction judge);

  struct Rule {
    RuleModel model;
    Condition condition;
    std::vector<std::string> metrics;
    bool is_dry = false;  // names a metric with dry_run
  };
  struct Objective {
    ObjectiveModel model;
    Condition condition;
  };

  Deployment model;
  std::vector<Stage> stages;
  std::vector<Rule> rules;
  std::vector<Objective> objectives;
  std::vector<std::vector<Condition>> require;  // by stage
  std::vector<std::string> needed;              // metrics without which nothing goes forward
  bool reads_before = false;
  JudgeFunction judge;

  std::vector<Judgeable> judgeables(const AnalysisModel& analysis) const;
  Duration longest_gap() const { return {3 * model.spacing().nanos}; }
  // After which a metric counts as silent.
  Duration longest_silence(const MetricModel& metric) const {
    return {longest_gap().nanos + metric.delay.nanos};
  }
  Duration longest_silence() const;  // of all that are needed
};

}  // namespace autopilot::deploy
