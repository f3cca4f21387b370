#include "core/deploy/analysis_counts.h"
#include "core/deploy/analysis_method.h"
#include "core/deploy/analysis_values.h"

namespace autopilot::deploy {
namespace {

// Feeds one metric's judge what it has not seen yet, and files what it says.
template <class Judge>
void advance(Judge judge, const std::string& metric, const MethodInput& input, Judged& out,
             Map& state) {
  for (const Tick& tick : ticks_of(metric, input.samples, judge.last())) judge.add(tick);
  out.metrics.push_back(judge.judged(metric));
  state.append(metric, judge.state());
}

}  // namespace

Judged judge_sequential(const MethodInput& input) {
  Judged out;
  Map state;
  for (const Judgeable& metric : input.metrics) {
    const Value* before = input.state.get(metric.name);
    if (metric.is_count) {
      advance(CountJudge(count_settings(input), before), metric.name, input, out, state);
    } else {
      advance(ValueJudge(value_settings(input), before), metric.name, input, out, state);
    }
  }
  conclude(out);
  out.state = std::move(state);
  return out;
}

}  // namespace autopilot::deploy
