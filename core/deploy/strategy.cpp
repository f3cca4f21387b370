#include "core/deploy/strategy.h"

#include <algorithm>

namespace autopilot::deploy {

Strategy::Strategy(const Rollout& rollout, JudgeFunction function)
    : model(deployment_from(rollout.deployment, rollout.spec)),
      stages(stages_of(model, {rollout.is_first, rollout.is_direct})),
      judge(std::move(function)) {
  std::vector<std::string> names;
  for (const MetricModel& m : model.metrics) names.push_back(m.name);
  for (const RuleModel& r : model.rules) {
    Rule rule{r, Condition(r.when, names), {}, false};
    rule.metrics = rule.condition.metrics();
    rule.is_dry = std::any_of(rule.metrics.begin(), rule.metrics.end(),
                              [&](const std::string& m) { return model.metric(m)->dry_run; });
    reads_before |= rule.condition.names_arm("before");
    rules.push_back(std::move(rule));
  }
  for (const ObjectiveModel& o : model.objectives) {
    objectives.push_back({o, Condition(o.when, names)});
    reads_before |= objectives.back().condition.names_arm("before");
  }
  for (const Stage& s : stages) {
    require.emplace_back();
    for (const std::string& source : s.require) {
      require.back().emplace_back(source, names);
      reads_before |= require.back().back().names_arm("before");
    }
  }
  for (const MetricModel& m : model.metrics) {
    if (!m.dry_run && m.no_data == NoData::hold) needed.push_back(m.name);
  }
}

Duration Strategy::longest_silence() const {
  Duration longest = longest_gap();
  for (const std::string& name : needed)
    longest = std::max(longest, longest_silence(*model.metric(name)));
  return longest;
}

std::vector<Judgeable> Strategy::judgeables(const AnalysisModel& analysis) const {
  std::vector<Judgeable> out;
  for (const std::string& name : analysis.metrics) {
    const MetricModel* m = model.metric(name);
    if (m == nullptr) continue;
    Judgeable j;
    j.name = name;
    j.is_count = m->is_count;
    j.lower_is_bad = m->lower_is_bad;
    j.either_is_bad = m->either_is_bad;
    out.push_back(std::move(j));
  }
  return out;
}

}  // namespace autopilot::deploy
