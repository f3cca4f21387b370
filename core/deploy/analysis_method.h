#pragma once
// What the methods of core/deploy/analysis.h share: one is called for each metric, or for all.

#include <optional>
#include <string>
#include <vector>

#include "core/deploy/analysis.h"

namespace autopilot::deploy {

struct MethodInput {
  const Value& analysis;
  const std::vector<Judgeable>& metrics;
  const Value& state;  // null, or what the method gave
  const std::vector<Sample>& samples;
  double alpha;  // of each metric
};

Judged judge_sequential(const MethodInput& input);
Judged judge_kayenta(const MethodInput& input, bool exact);
Judged judge_burn_rate(const MethodInput& input);

// What both arms showed at one time. An arm without a sample there is null.
struct Tick {
  Instant to;
  const Sample* canary = nullptr;
  const Sample* stable = nullptr;
};
// In the order of time; what is not after `after` was judged before and is left out.
std::vector<Tick> ticks_of(const std::string& metric, const std::vector<Sample>& samples,
                           std::optional<Instant> after);

// Fields of options, by their names; `otherwise` when absent. Shares and durations as documents
// write them. Throw Error(invalid) on anything else.
double number_option(const Value& of, std::string_view name, double otherwise);
double share_option(const Value& of, std::string_view name, double otherwise);
Duration duration_option(const Value& of, std::string_view name, Duration otherwise);
const Value& options_of(const Value& analysis);  // `options`, or an empty map

// Storing.
Value to_value(const std::vector<double>& numbers);
std::vector<double> numbers_of(const Value* list);  // empty when it is none
std::optional<Instant> instant_of(const Value* text);
std::int64_t integer_of(const Value* number);

// The heaviest verdict and its reason, over `judged.metrics`.
void conclude(Judged& judged);

std::string percent(double share);       // "2.5%"
std::string short_number(double value);  // four digits
}  // namespace autopilot::deploy
