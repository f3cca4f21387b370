#include "core/deploy/analysis_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/base/error.h"

namespace autopilot::deploy {
namespace {

struct Bound {
  const char* name;
  bool at_least;
  bool relative;
};
constexpr Bound kBounds[] = {{"at_least", true, false},
                             {"at_most", false, false},
                             {"at_least_of_stable", true, true},
                             {"at_most_of_stable", false, true}};

std::pair<double, double> range_of(const Value& options) {
  const std::vector<double> bounds = numbers_of(options.get("bounds"));
  if (bounds.size() != 2 || !(bounds[0] < bounds[1])) {
    throw Error(ErrorKind::invalid, "a value is judged sequentially only within known bounds",
                "say options: {bounds: [LOW, HIGH], at_least: LIMIT}");
  }
  return {bounds[0], bounds[1]};
}

}  // namespace

ValueSettings value_settings(const MethodInput& input) {
  const Value& options = options_of(input.analysis);
  ValueSettings s;
  std::tie(s.low, s.high) = range_of(options);
  s.alpha = input.alpha;
  s.least_samples = static_cast<std::int64_t>(
      number_option(options, "min_samples", static_cast<double>(s.least_samples)));
  const auto bound = std::find_if(std::begin(kBounds), std::end(kBounds),
                                  [&](const Bound& b) { return options.get(b.name) != nullptr; });
  if (bound == std::end(kBounds)) {
    throw Error(ErrorKind::invalid, "nothing says what the value is judged against",
                "say options: {bounds: [LOW, HIGH], at_least: LIMIT}, or at_most, "
                "at_least_of_stable, at_most_of_stable");
  }
  const double limit = number_option(options, bound->name, 0);
  s.at_least = bound->at_least;
  s.limit = limit;
  if (bound->relative) {
    s.of_stable = limit;
    s.limit = 0;
    const double low = s.low, high = s.high;
    s.low = low - limit * (limit > 0 ? high : low);
    s.high = high - limit * (limit > 0 ? low : high);
  }
  if (!(s.low < s.limit && s.limit < s.high)) {
    throw Error(ErrorKind::invalid,
                fmt::format("the limit {} is not inside of the bounds", short_number(limit)));
  }
  return s;
}

ValueJudge::ValueJudge(const ValueSettings& settings, const Value* state)
    : s_(settings), against_(scaled(settings.limit)), mean_(settings.alpha) {
  if (state == nullptr || !state->is_map()) return;
  stats::MeanAgainst::State bets{numbers_of(state->get("less")), numbers_of(state->get("more"))};
  if (bets.log_less.size() == against_.state().log_less.size() &&
      bets.log_more.size() == bets.log_less.size()) {
    against_.load(std::move(bets));
  }
  stats::BoundedMean::State mean{integer_of(state->get("count")), number_option(*state, "sum", 0),
                                 number_option(*state, "square_sum", 0),
                                 numbers_of(state->get("up")), numbers_of(state->get("down"))};
  if (mean.log_up.size() == mean_.state().log_up.size() &&
      mean.log_down.size() == mean.log_up.size()) {
    mean_.load(std::move(mean));
  }
  last_ = instant_of(state->get("last"));
  const Value* no_data = state->get("no_data");
  if (no_data != nullptr && no_data->is_string()) no_data_ = no_data->as_string();
}

void ValueJudge::add(const Tick& tick) {
  last_ = tick.to;
  const auto missing = [](const Sample* sample) -> std::string {
    if (sample == nullptr) return "no sample";
    if (!sample->no_data.empty()) return sample->no_data;
    return sample->value && std::isfinite(*sample->value) ? "" : "no number";
  };
  no_data_ = missing(tick.canary);
  if (!no_data_.empty()) return;
  double value = *tick.canary->value;
  if (s_.of_stable != 0) {
    no_data_ = missing(tick.stable);
    if (!no_data_.empty()) return;
    value -= s_.of_stable * *tick.stable->value;
  }
  against_.add(scaled(value));
  mean_.add(scaled(value));
}

JudgedMetric ValueJudge::judged(const std::string& metric) const {
  const double evidence =
      s_.at_least ? against_.log_evidence_below() : against_.log_evidence_above();
  const double e_value = std::exp(std::clamp(evidence, -700.0, 700.0));
  const std::string what =
      mean_.count() == 0 ? "no value yet"
                         : fmt::format("mean {} of {} values, wanted {} {}{}",
                                       short_number(unscaled(mean_.mean())), mean_.count(),
                                       s_.at_least ? "at least" : "at most",
                                       short_number(s_.of_stable != 0 ? s_.of_stable : s_.limit),
                                       s_.of_stable != 0 ? " of stable" : "");
  JudgedMetric out;
  out.metric = metric;
  if (evidence >= std::log(1 / s_.alpha)) {
    out.verdict = Verdict::fail;
    out.why = fmt::format("{}, e-value {}", what, short_number(e_value));
  } else if (!last_ || !no_data_.empty()) {
    out.verdict = Verdict::hold;
    out.why = fmt::format("no data: {}", last_ ? no_data_ : "no sample yet");
  } else if (mean_.count() < s_.least_samples) {
    out.verdict = Verdict::hold;
    out.why = fmt::format("too few values: {} of {}", mean_.count(), s_.least_samples);
  } else {
    out.verdict = Verdict::pass;
    out.why = fmt::format("nothing speaks against it: {}", what);
  }
  const stats::BoundedMean::Interval interval = mean_.interval(s_.alpha);
  out.numbers = Map{{"values", mean_.count()},
                    {"mean", mean_.count() == 0 ? Value() : Value(unscaled(mean_.mean()))},
                    {"low", unscaled(interval.low)},
                    {"high", unscaled(interval.high)},
                    {"limit", s_.limit},
                    {"e_value", e_value},
                    {"threshold", 1 / s_.alpha}};
  return out;
}

Value ValueJudge::state() const {
  Map out{{"less", to_value(against_.state().log_less)},
          {"more", to_value(against_.state().log_more)},
          {"count", mean_.state().count},
          {"sum", mean_.state().sum},
          {"square_sum", mean_.state().square_sum},
          {"up", to_value(mean_.state().log_up)},
          {"down", to_value(mean_.state().log_down)},
          {"no_data", no_data_}};
  if (last_) out.append("last", format_rfc3339(*last_));
  return out;
}

}  // namespace autopilot::deploy
