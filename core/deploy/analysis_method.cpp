#include "core/deploy/analysis_method.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "core/base/error.h"
#include "core/base/units.h"

namespace autopilot::deploy {
namespace {

[[noreturn]] void refuse(std::string_view name, std::string_view expected) {
  throw Error(ErrorKind::invalid, fmt::format("{} of the analysis is not {}", name, expected));
}

}  // namespace

std::vector<Tick> ticks_of(const std::string& metric, const std::vector<Sample>& samples,
                           std::optional<Instant> after) {
  std::map<Instant, Tick> by_time;
  for (const Sample& sample : samples) {
    if (sample.metric != metric || (after && sample.to <= *after)) continue;
    const bool canary = sample.arm == "canary";
    if (!canary && sample.arm != "stable") continue;
    Tick& tick = by_time[sample.to];
    tick.to = sample.to;
    (canary ? tick.canary : tick.stable) = &sample;
  }
  std::vector<Tick> out;
  for (const auto& [time, tick] : by_time) out.push_back(tick);
  return out;
}

const Value& options_of(const Value& analysis) {
  static const Value kNone{Map{}};
  const Value* options = analysis.get("options");
  return options == nullptr || !options->is_map() ? kNone : *options;
}

double number_option(const Value& of, std::string_view name, double otherwise) {
  const Value* value = of.get(name);
  if (value == nullptr || value->is_null()) return otherwise;
  if (!value->is_number()) refuse(name, "a number");
  return value->as_double();
}

double share_option(const Value& of, std::string_view name, double otherwise) {
  const Value* value = of.get(name);
  if (value == nullptr || value->is_null()) return otherwise;
  if (value->is_number()) return value->as_double();
  const auto share = value->is_string() ? parse_share(value->as_string()) : std::nullopt;
  if (!share) refuse(name, "a share such as 1%");
  return *share;
}

Duration duration_option(const Value& of, std::string_view name, Duration otherwise) {
  const Value* value = of.get(name);
  if (value == nullptr || value->is_null()) return otherwise;
  const auto duration = value->is_string() ? parse_duration(value->as_string()) : std::nullopt;
  if (!duration) refuse(name, "a duration such as 5m");
  return *duration;
}

Value to_value(const std::vector<double>& numbers) {
  List out;
  out.reserve(numbers.size());
  for (const double n : numbers) out.emplace_back(n);
  return out;
}

std::vector<double> numbers_of(const Value* list) {
  std::vector<double> out;
  if (list == nullptr || !list->is_list()) return out;
  for (const Value& v : list->as_list()) {
    if (v.is_number()) out.push_back(v.as_double());
  }
  return out;
}

std::optional<Instant> instant_of(const Value* text) {
  if (text == nullptr || !text->is_string()) return std::nullopt;
  return parse_rfc3339(text->as_string());
}

std::int64_t integer_of(const Value* number) {
  return number != nullptr && number->kind() == Value::Kind::integer ? number->as_int() : 0;
}

void conclude(Judged& judged) {
  const auto worst = std::max_element(
      judged.metrics.begin(), judged.metrics.end(),
      [](const JudgedMetric& a, const JudgedMetric& b) { return a.verdict < b.verdict; });
  if (worst == judged.metrics.end()) {
    judged.verdict = Verdict::hold;
    judged.why = "there is no metric to judge by";
    return;
  }
  judged.verdict = worst->verdict;
  judged.why = fmt::format("{}: {}", worst->metric, worst->why);
}

std::string percent(double share) { return fmt::format("{:.3g}%", share * 100); }

std::string short_number(double value) { return fmt::format("{:.4g}", value); }

}  // namespace autopilot::deploy
