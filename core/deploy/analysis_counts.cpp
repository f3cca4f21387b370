#include "core/deploy/analysis_counts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace autopilot::deploy {
namespace {

// Of the tests that tell whether an arm is over the objective at present. They guard no error rate:
// they only must not wake up for every wobble.
constexpr double kPresentAlpha = 0.05;
constexpr double kLeastLog = -1e6;  // minus infinity has no JSON; evidence that low is none

stats::Count count_of(const Sample* sample) {
  if (sample == nullptr || !sample->no_data.empty() || sample->total <= 0) return {};
  return {std::clamp<std::int64_t>(sample->bad, 0, sample->total), sample->total};
}

void add_to(stats::Count& sum, const stats::Count& more) {
  sum.events += more.events;
  sum.trials += more.trials;
}

double rate(const stats::Count& count) {
  return count.trials == 0 ? 0
                           : static_cast<double>(count.events) / static_cast<double>(count.trials);
}

Value value_of(const stats::Count& count) {
  return Map{{"bad", count.events}, {"total", count.trials}};
}

stats::Count count_in(const Value* map) {
  if (map == nullptr) return {};
  return {integer_of(map->get("bad")), integer_of(map->get("total"))};
}

Value value_of(const stats::RateAbove& test) {
  std::vector<double> masses = test.state().log_mass;
  for (double& m : masses) m = std::max(m, kLeastLog);
  return Map{{"ticks", test.state().ticks}, {"log_mass", to_value(masses)}};
}

Value value_of(const stats::OverLimit& test) {
  return Map{{"over", test.state().over}, {"log_cusum", to_value(test.state().log_cusum)}};
}

void load(stats::RateAbove& test, const Value* from) {
  if (from == nullptr) return;
  stats::RateAbove::State state{integer_of(from->get("ticks")), numbers_of(from->get("log_mass"))};
  if (state.log_mass.size() == test.state().log_mass.size()) test.load(std::move(state));
}

void load(stats::OverLimit& test, const Value* from) {
  if (from == nullptr) return;
  const Value* over = from->get("over");
  stats::OverLimit::State state{over != nullptr && over->is_bool() && over->as_bool(),
                                numbers_of(from->get("log_cusum"))};
  if (state.log_cusum.size() == test.state().log_cusum.size()) test.load(std::move(state));
}

void load(stats::RateRatio& ratio, const Value* from) {
  const std::vector<double> numbers = numbers_of(from);
  std::array<double, stats::RateRatio::kGrid> grid{};
  if (numbers.size() != grid.size()) return;
  std::copy(numbers.begin(), numbers.end(), grid.begin());
  ratio.load(grid);
}

// An e-value for people and JSON: capped, as its exponent is not.
double e_value(double log_evidence) { return std::exp(std::clamp(log_evidence, -700.0, 700.0)); }

}  // namespace

CountSettings count_settings(const MethodInput& input) {
  CountSettings s;
  s.tolerance = number_option(input.analysis, "ratio", s.tolerance);
  s.slo = share_option(input.analysis, "slo", 0);
  s.dispersion.factor = std::max(1.0, number_option(input.analysis, "overdispersion", 1));
  s.least_requests = static_cast<std::int64_t>(
      number_option(input.analysis, "min_requests", static_cast<double>(s.least_requests)));
  const Value& options = options_of(input.analysis);
  s.dispersion.spread = std::max(0.0, number_option(options, "spread", 0));
  s.gross = number_option(options, "gross", s.gross);
  s.lasting = duration_option(options, "lasting", s.lasting);
  s.alpha = input.alpha;
  return s;
}

CountJudge::CountJudge(const CountSettings& settings, const Value* state)
    : s_(settings), ratio_(settings.dispersion) {
  if (s_.slo > 0 && s_.slo < 1) {
    lasting_.emplace(s_.slo, s_.dispersion);
    over_.emplace(s_.slo, kPresentAlpha);
    stable_over_.emplace(s_.slo, kPresentAlpha);
    if (s_.slo * s_.gross < 1) gross_.emplace(s_.slo * s_.gross, s_.dispersion);
  }
  if (state == nullptr || !state->is_map()) return;
  load(ratio_, state->get("ratio"));
  if (lasting_) load(*lasting_, state->get("lasting"));
  if (gross_) load(*gross_, state->get("gross"));
  if (over_) load(*over_, state->get("over"));
  if (stable_over_) load(*stable_over_, state->get("stable_over"));
  canary_ = count_in(state->get("canary"));
  stable_ = count_in(state->get("stable"));
  last_ = instant_of(state->get("last"));
  breach_since_ = instant_of(state->get("breach_since"));
  const Value* no_data = state->get("no_data");
  if (no_data != nullptr && no_data->is_string()) no_data_ = no_data->as_string();
}

void CountJudge::add(const Tick& tick) {
  last_ = tick.to;
  if (tick.canary == nullptr) {
    no_data_ = "no sample of the canary";
  } else {
    no_data_ = tick.canary->no_data;
  }
  const stats::Count canary = count_of(tick.canary), stable = count_of(tick.stable);
  add_to(canary_, canary);
  add_to(stable_, stable);
  ratio_.add(canary, stable);
  add_objective(canary, stable, tick.to);
}

void CountJudge::add_objective(const stats::Count& canary, const stats::Count& stable, Instant at) {
  if (!lasting_) return;
  if (stable.trials > 0) stable_over_->add(stable);
  // What hits both arms is no fault of the canary's: it is not held against it.
  if (stable.trials > 0 && stable_over_->is_over()) return;
  if (canary.trials > 0) {
    over_->add(canary);
    lasting_->add(canary);
    if (gross_) gross_->add(canary);
  }
  // Evidence outlives its cause where traffic is heavy: the breach must go on, too.
  if (!over_->is_over() || lasting_->log_evidence() < std::log(4 / s_.alpha)) {
    breach_since_.reset();
  } else if (!breach_since_) {
    breach_since_ = at;
  }
}

std::string CountJudge::counts_text() const {
  return fmt::format("canary {} of {} ({}), stable {} of {} ({})", canary_.events, canary_.trials,
                     percent(rate(canary_)), stable_.events, stable_.trials,
                     percent(rate(stable_)));
}

CountJudge::Cause CountJudge::cause() const {
  const double above = ratio_.log_evidence_above(s_.tolerance);
  if (above >= std::log(2 / s_.alpha)) {
    return {Verdict::fail, fmt::format("worse than {} times the stable arm, e-value {}",
                                       short_number(s_.tolerance), short_number(e_value(above)))};
  }
  if (gross_ && gross_->log_evidence() >= std::log(4 / s_.alpha)) {
    return {Verdict::fail,
            fmt::format("over {} times the objective of {}, e-value {}", short_number(s_.gross),
                        percent(s_.slo), short_number(e_value(gross_->log_evidence())))};
  }
  if (breach_since_ && last_ && *last_ - *breach_since_ >= s_.lasting) {
    return {Verdict::fail, fmt::format("over the objective of {} since {}, e-value {}",
                                       percent(s_.slo), format_rfc3339(*breach_since_),
                                       short_number(e_value(lasting_->log_evidence())))};
  }
  if (!last_) return {Verdict::hold, "no sample yet"};
  if (!no_data_.empty()) return {Verdict::hold, fmt::format("no data: {}", no_data_)};
  if (canary_.trials < s_.least_requests) {
    return {Verdict::hold,
            fmt::format("too few requests: {} of {}", canary_.trials, s_.least_requests)};
  }
  if (stable_is_over()) {
    return {Verdict::hold,
            fmt::format("the stable arm is over the objective of {}, too", percent(s_.slo))};
  }
  if (breach_since_) {
    return {Verdict::hold, fmt::format("over the objective of {} since {}", percent(s_.slo),
                                       format_rfc3339(*breach_since_))};
  }
  return {Verdict::pass, "nothing speaks against it"};
}

JudgedMetric CountJudge::judged(const std::string& metric) const {
  const Cause cause = this->cause();
  JudgedMetric out{metric, cause.verdict, fmt::format("{}: {}", cause.why, counts_text()), {}};
  const stats::RateRatio::Interval interval = ratio_.interval(s_.alpha);
  out.numbers = Map{{"canary", value_of(canary_)},
                    {"stable", value_of(stable_)},
                    {"ratio", rate(stable_) > 0 ? Value(rate(canary_) / rate(stable_)) : Value()},
                    {"ratio_low", interval.low},
                    {"ratio_high", std::isfinite(interval.high) ? Value(interval.high) : Value()},
                    {"tolerance", s_.tolerance},
                    {"e_value", e_value(ratio_.log_evidence_above(s_.tolerance))},
                    {"threshold", 2 / s_.alpha},
                    {"overdispersion", s_.dispersion.factor},
                    {"spread", s_.dispersion.spread}};
  if (lasting_) {
    out.numbers["slo"] = s_.slo;
    out.numbers["e_value_slo"] = e_value(lasting_->log_evidence());
    if (gross_) out.numbers["e_value_gross"] = e_value(gross_->log_evidence());
    out.numbers["stable_over_slo"] = stable_is_over();
  }
  return out;
}

Value CountJudge::state() const {
  Map out{{"canary", value_of(canary_)},
          {"stable", value_of(stable_)},
          {"ratio", to_value({ratio_.log_likelihoods().begin(), ratio_.log_likelihoods().end()})},
          {"no_data", no_data_}};
  if (last_) out.append("last", format_rfc3339(*last_));
  if (breach_since_) out.append("breach_since", format_rfc3339(*breach_since_));
  if (lasting_) out.append("lasting", value_of(*lasting_));
  if (gross_) out.append("gross", value_of(*gross_));
  if (over_) out.append("over", value_of(*over_));
  if (stable_over_) out.append("stable_over", value_of(*stable_over_));
  return out;
}

}  // namespace autopilot::deploy
