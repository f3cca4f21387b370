// Kayenta's judge as an analysis: the values of all ticks so far, canary against stable, are
// classified anew at every look. A count's value is its share of bad events.
#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "core/deploy/analysis_method.h"
#include "core/deploy/kayenta.h"

namespace autopilot::deploy {
namespace {

constexpr double kPass = 95, kMarginal = 75;  // Spinnaker's usual thresholds
constexpr double kLeastSamples = 10;          // below, the judge misses half of large shifts
constexpr std::size_t kMostSamples = 10000;   // of an arm: the oldest go

struct Arms {
  std::vector<double> canary, stable;
  std::optional<Instant> last;
};

Arms stored(const Value* state) {
  if (state == nullptr) return {};
  return {numbers_of(state->get("canary")), numbers_of(state->get("stable")),
          instant_of(state->get("last"))};
}

void append(std::vector<double>& values, const Sample* sample) {
  if (sample == nullptr || !sample->no_data.empty()) return;
  if (sample->value) {
    if (std::isfinite(*sample->value)) values.push_back(*sample->value);
  } else if (sample->total > 0) {
    values.push_back(static_cast<double>(sample->bad) / static_cast<double>(sample->total));
  }
  if (values.size() > kMostSamples) values.erase(values.begin());
}

Value to_state(const Arms& arms) {
  Map out{{"canary", to_value(arms.canary)}, {"stable", to_value(arms.stable)}};
  if (arms.last) out.append("last", format_rfc3339(*arms.last));
  return out;
}

kayenta::MetricConfig config_of(const Judgeable& metric, const Value& options, bool exact) {
  kayenta::MetricConfig out;
  out.name = metric.name;
  out.groups = {metric.name};
  out.critical = metric.critical;
  out.must_have_data = true;
  out.exact = exact;
  out.direction = metric.either_is_bad  ? kayenta::Direction::either
                  : metric.lower_is_bad ? kayenta::Direction::decrease
                                        : kayenta::Direction::increase;
  out.allowed_increase = number_option(options, "allowed_increase", out.allowed_increase);
  out.allowed_decrease = number_option(options, "allowed_decrease", out.allowed_decrease);
  const Value* outliers = options.get("remove_outliers");
  out.remove_outliers = outliers != nullptr && outliers->is_bool() && outliers->as_bool();
  return out;
}

std::map<std::string, double> weights_of(const Value& options) {
  std::map<std::string, double> out;
  const Value* weights = options.get("weights");
  if (weights == nullptr || !weights->is_map()) return out;
  for (const auto& [name, weight] : weights->as_map()) {
    if (weight.is_number()) out[name] = weight.as_double();
  }
  return out;
}

JudgedMetric described(const Judgeable& metric, const kayenta::Classified& is, const Arms& arms) {
  JudgedMetric out;
  out.metric = metric.name;
  out.verdict = is.label == kayenta::Label::pass ? Verdict::pass : Verdict::fail;
  out.why = fmt::format("{}: {} values of the canary, {} of stable", kayenta::to_string(is.label),
                        arms.canary.size(), arms.stable.size());
  out.numbers = Map{{"classification", kayenta::to_string(is.label)},
                    {"canary_values", arms.canary.size()},
                    {"stable_values", arms.stable.size()},
                    {"ratio", std::isnan(is.deviation) ? Value() : Value(is.deviation)},
                    {"critical", is.critical}};
  if (!is.has_interval) return out;
  const auto finite = [](double v) { return std::isfinite(v) ? Value(v) : Value(); };
  out.numbers["shift_low"] = finite(is.low);
  out.numbers["shift_high"] = finite(is.high);
  out.numbers["shift"] = finite(is.estimate);
  return out;
}

Verdict verdict_of(double score, const Value& analysis) {
  if (score >= number_option(analysis, "pass", kPass)) return Verdict::pass;
  return score >= number_option(analysis, "marginal", kMarginal) ? Verdict::inconclusive
                                                                 : Verdict::fail;
}

}  // namespace

Judged judge_kayenta(const MethodInput& input, bool exact) {
  const Value& options = options_of(input.analysis);
  const double least = number_option(options, "min_samples", kLeastSamples);
  Judged out;
  Map state;
  std::vector<kayenta::Scored> scored;
  std::string waits;
  for (const Judgeable& metric : input.metrics) {
    Arms arms = stored(input.state.get(metric.name));
    for (const Tick& tick : ticks_of(metric.name, input.samples, arms.last)) {
      append(arms.canary, tick.canary);
      append(arms.stable, tick.stable);
      arms.last = tick.to;
    }
    const kayenta::Classified is =
        kayenta::classify(config_of(metric, options, exact), arms.canary, arms.stable);
    out.metrics.push_back(described(metric, is, arms));
    scored.push_back({is.label, is.critical, {metric.name}, is.reason});
    state.append(metric.name, to_state(arms));
    const std::size_t fewest = std::min(arms.canary.size(), arms.stable.size());
    if (static_cast<double>(fewest) < least && waits.empty())
      waits = fmt::format("{}: too few values: {} of {}", metric.name, fewest, least);
  }
  out.state = std::move(state);
  const kayenta::Score score = kayenta::score(scored, weights_of(options));
  out.verdict = verdict_of(score.score, input.analysis);
  out.why = fmt::format("score {}{}{}", short_number(score.score), score.reason.empty() ? "" : ": ",
                        score.reason);
  out.numbers = Map{{"score", score.score}};
  if (!waits.empty() || input.metrics.empty()) {
    out.verdict = Verdict::hold;
    out.why = waits.empty() ? "there is no metric to judge by" : waits;
  }
  return out;
}

}  // namespace autopilot::deploy
