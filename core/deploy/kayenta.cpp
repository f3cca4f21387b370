#include "core/deploy/kayenta.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

#include "core/base/error.h"
#include "core/stats/mann_whitney.h"
#include "core/stats/normal.h"
#include "core/stats/sample.h"

namespace autopilot::deploy::kayenta {
namespace {

using Values = std::vector<double>;

constexpr double kNoise = 1e-5;  // relative, for samples of one value each

bool one_value(const Values& values) {
  return std::adjacent_find(values.begin(), values.end(), std::not_equal_to<>()) == values.end();
}

bool same_values(Values a, Values b) {
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  return a == b;
}

// Two constants have no ranks to compare. Kayenta adds random noise; the quantiles of that noise,
// in an order that is no trend, do the same without chance.
Values with_noise(const Values& values) {
  Values out = values;
  const double n = static_cast<double>(values.size());
  for (std::size_t i = 0; i < out.size(); ++i) {
    const double place = (static_cast<double>(i) + 0.5) / n;
    out[i] += stats::normal_quantile(place) * kNoise * std::abs(values[i]);
  }
  return out;
}

Classified without_data(const MetricConfig& config) {
  if (config.replace_nan) return {};
  Classified out;
  out.reason = fmt::format("there are no data for {}", config.name);
  out.label = config.must_have_data && !config.critical ? Label::nodata_fail_metric : Label::nodata;
  out.critical = out.label == Label::nodata && config.critical;
  return out;
}

double effect_of(const MetricConfig& config, const Values& canary, const Values& baseline) {
  return config.effect == Effect::cles ? cles(canary, baseline) : mean_ratio(canary, baseline);
}

bool at_least(double effect, double threshold) { return std::isnan(effect) || effect >= threshold; }
bool at_most(double effect, double threshold) { return std::isnan(effect) || effect <= threshold; }

Values transformed(const MetricConfig& config, Values values) {
  if (config.replace_nan) {
    for (double& v : values) v = std::isnan(v) ? 0 : v;
  } else {
    std::erase_if(values, [](double v) { return std::isnan(v); });
  }
  if (!config.remove_outliers) return values;
  const std::vector<bool> out = stats::outside_fences(values, config.outlier_factor, true);
  Values kept;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!out[i]) kept.push_back(values[i]);
  }
  return kept;
}

void compare(const MetricConfig& config, const Values& canary, const Values& baseline,
             Classified& out) {
  const stats::ShiftInterval shift = config.exact
                                         ? stats::exact_shift(canary, baseline, config.confidence)
                                         : stats::solved_shift(canary, baseline, config.confidence);
  out.has_interval = true;
  out.low = shift.low;
  out.high = shift.high;
  out.estimate = shift.estimate;
  out.deviation = mean_ratio(canary, baseline);
  const double effect = effect_of(config, canary, baseline);
  const double bound = config.tolerance * std::abs(shift.estimate);
  if (config.direction != Direction::decrease && shift.low > bound &&
      at_least(effect, config.allowed_increase)) {
    out.label = Label::high;
    out.critical = config.critical && at_least(effect, config.critical_increase);
  } else if (config.direction != Direction::increase && shift.high < -bound &&
             at_most(effect, config.allowed_decrease)) {
    out.label = Label::low;
    out.critical = config.critical && at_most(effect, config.critical_decrease);
  }
  if (out.label == Label::pass) return;
  out.reason = fmt::format("{} is {} than the baseline{}", config.name,
                           out.label == Label::high ? "higher" : "lower",
                           out.critical ? ", and critical" : "");
}

}  // namespace

std::string_view to_string(Label label) {
  switch (label) {
    case Label::pass:
      return "Pass";
    case Label::high:
      return "High";
    case Label::low:
      return "Low";
    case Label::nodata:
      return "Nodata";
    case Label::nodata_fail_metric:
      return "NodataFailMetric";
    case Label::error:
      return "Error";
  }
  return "Error";
}

double mean_ratio(const Values& canary, const Values& baseline) {
  const double above = stats::mean(canary), below = stats::mean(baseline);
  if (above == 0 || below == 0) return std::numeric_limits<double>::quiet_NaN();
  return above / below;
}

double cles(const Values& canary, const Values& baseline) {
  Values all = canary;
  all.insert(all.end(), baseline.begin(), baseline.end());
  const Values rank = stats::ranks(all);
  const double m = static_cast<double>(canary.size()), n = static_cast<double>(baseline.size());
  double sum = 0;
  for (std::size_t i = 0; i < canary.size(); ++i) sum += rank[i];
  return (2 * sum - m * (m + 1)) / (2 * n * m);
}

double cohen_d(const Values& canary, const Values& baseline) {
  const double m = static_cast<double>(canary.size()), n = static_cast<double>(baseline.size());
  const double pooled = std::sqrt(
      ((m - 1) * stats::variance(canary) + (n - 1) * stats::variance(baseline)) / (m + n - 2));
  return std::abs(stats::mean(canary) - stats::mean(baseline)) / pooled;
}

Classified classify_values(const MetricConfig& config, const Values& canary,
                           const Values& baseline) {
  if (canary.empty() || baseline.empty()) return without_data(config);
  Classified out;
  if (same_values(canary, baseline)) {
    out.reason = fmt::format("{} is the same on both sides", config.name);
    return out;
  }
  const bool constants = one_value(canary) && one_value(baseline);
  if (constants && canary.front() == baseline.front()) return out;
  try {
    if (constants) {
      compare(config, with_noise(canary), with_noise(baseline), out);
    } else {
      compare(config, canary, baseline, out);
    }
  } catch (const Error& error) {
    out = Classified();
    out.label = Label::error;
    out.reason = error.what();
  }
  return out;
}

Classified classify_means(const MetricConfig& config, const Values& canary,
                          const Values& baseline) {
  if (canary.empty() || baseline.empty()) return without_data(config);
  const double above = stats::mean(canary), below = stats::mean(baseline);
  Classified out;
  if (config.direction != Direction::decrease && above > below) out.label = Label::high;
  if (config.direction != Direction::increase && above < below) out.label = Label::low;
  if (out.label == Label::pass) return out;
  out.deviation = above / below;
  out.critical = config.critical;
  out.reason = fmt::format("the mean of {} is {} than the baseline's", config.name,
                           out.label == Label::high ? "higher" : "lower");
  return out;
}

Classified classify(const MetricConfig& config, Values canary, Values baseline) {
  return classify_values(config, transformed(config, std::move(canary)),
                         transformed(config, std::move(baseline)));
}

}  // namespace autopilot::deploy::kayenta
