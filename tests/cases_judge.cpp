#include "tests/cases_judge.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <vector>

#include "core/base/error.h"
#include "core/deploy/kayenta.h"
#include "core/stats/mann_whitney.h"
#include "core/stats/normal.h"
#include "core/stats/sample.h"

namespace autopilot {
namespace {

using Values = std::vector<double>;
namespace kayenta = deploy::kayenta;

constexpr double kExact = 1e-12;  // relative: what the file calls a tolerance of 0

double number(const Value& value) {
  if (value.is_string() && value.as_string() == "NaN")
    return std::numeric_limits<double>::quiet_NaN();
  return value.as_double();
}

double number(const Value* value, double otherwise) {
  return value == nullptr || value->is_null() ? otherwise : number(*value);
}

std::string text(const Value* value) {
  return value != nullptr && value->is_string() ? value->as_string() : std::string();
}

bool flag(const Value* value) { return value != nullptr && value->is_bool() && value->as_bool(); }

Values values(const Value& test, const char* name) {
  Values out;
  const Value* list = test.get(name);
  if (list == nullptr) throw Error(ErrorKind::invalid, fmt::format("the case has no {}", name));
  for (const Value& v : list->as_list()) out.push_back(number(v));
  return out;
}

class Case {
 public:
  Case(const Value& test, std::string& why)
      : test_(test), options_(*test.get("options")), expect_(*test.get("expect")), why_(why) {}

  bool holds() {
    const std::string kind = text(test_.get("kind"));
    using Check = bool (Case::*)();
    static const std::map<std::string, Check> checks{
        {"mann_whitney_classify", &Case::classify},
        {"mean_inequality_classify", &Case::classify_means},
        {"weighted_sum_score", &Case::score},
        {"outlier_detect", &Case::outliers},
        {"transform", &Case::transform},
        {"effect_size", &Case::effect_size},
        {"percentile_r7", &Case::percentile},
        {"summary_stats", &Case::summary},
        {"wilcoxon_diff", &Case::wilcoxon},
        {"normal_quantile", &Case::quantile},
        {"mann_whitney_ci", &Case::interval},
        {"mann_whitney_intermediate", &Case::intermediate}};
    const auto found = checks.find(kind);
    if (found == checks.end()) throw Error(ErrorKind::invalid, "unknown kind of case: " + kind);
    return (this->*found->second)();
  }

 private:
  bool same(const std::string& what, double got, double expected, double tolerance) {
    if (std::isnan(got) && std::isnan(expected)) return true;
    const double allowed = tolerance > 0 ? tolerance : kExact * std::max(1.0, std::abs(expected));
    if (std::abs(got - expected) <= allowed) return true;
    why_ = fmt::format("{} is {}, not {}", what, got, expected);
    return false;
  }

  bool same(const std::string& what, double got) {
    const Value* expected = expect_.get(what);
    if (expected == nullptr) return true;
    const Value* own = expect_.get(what + "_tol");
    return same(what, got, number(*expected), number(own, number(expect_.get("tol"), 0)));
  }

  bool same_flags(const std::vector<bool>& got) {
    const List& expected = expect_.get("outliers")->as_list();
    bool equal = got.size() == expected.size();
    for (std::size_t i = 0; equal && i < got.size(); ++i) equal = got[i] == expected[i].as_bool();
    if (!equal) why_ = "other values are outliers";
    return equal;
  }

  bool same_values(const Values& got) {
    const Values expected = values(expect_, "result");
    if (got.size() != expected.size()) {
      why_ = fmt::format("{} values, not {}", got.size(), expected.size());
      return false;
    }
    for (std::size_t i = 0; i < got.size(); ++i) {
      if (!same(fmt::format("value {}", i), got[i], expected[i], 0)) return false;
    }
    return true;
  }

  kayenta::MetricConfig config() const {
    kayenta::MetricConfig out;
    out.name = "metric";
    const std::string direction = text(options_.get("direction"));
    if (direction == "increase") out.direction = kayenta::Direction::increase;
    if (direction == "decrease") out.direction = kayenta::Direction::decrease;
    out.replace_nan = text(options_.get("nanStrategy")) == "replace";
    out.critical = flag(options_.get("isCriticalMetric"));
    out.must_have_data = flag(options_.get("isDataRequired"));
    if (text(options_.get("effectSizeMeasure")) == "cles") out.effect = kayenta::Effect::cles;
    out.tolerance = number(options_.get("tolerance"), out.tolerance);
    out.confidence = number(options_.get("confLevel"), out.confidence);
    const auto pair = [&](const char* name, double& low, double& high) {
      const Value* both = options_.get(name);
      if (both == nullptr) return;
      low = number(both->as_list().at(0));
      high = number(both->as_list().at(1));
    };
    pair("effectSizeThresholds", out.allowed_decrease, out.allowed_increase);
    pair("criticalThresholds", out.critical_decrease, out.critical_increase);
    return out;
  }

  bool judged(const kayenta::Classified& got) {
    if (kayenta::to_string(got.label) != text(expect_.get("classification"))) {
      why_ = fmt::format("it is {}", kayenta::to_string(got.label));
      return false;
    }
    const Value* critical = expect_.get("critical");
    if (critical != nullptr && critical->as_bool() != got.critical) {
      why_ = fmt::format("critical is {}", got.critical);
      return false;
    }
    if (flag(expect_.get("reason_nonempty")) && got.reason.empty()) {
      why_ = "it gives no reason";
      return false;
    }
    return same("deviation", got.deviation);
  }

  bool classify() {
    return judged(
        kayenta::classify_values(config(), values(test_, "experiment"), values(test_, "control")));
  }
  bool classify_means() {
    return judged(
        kayenta::classify_means(config(), values(test_, "experiment"), values(test_, "control")));
  }

  bool score() {
    std::vector<kayenta::Scored> metrics;
    for (const Value& given : test_.get("metrics")->as_list()) {
      kayenta::Scored metric;
      using kayenta::Label;
      for (const Label label : {Label::pass, Label::high, Label::low, Label::nodata,
                                Label::nodata_fail_metric, Label::error}) {
        if (kayenta::to_string(label) == text(given.get("classification"))) metric.label = label;
      }
      metric.critical = flag(given.get("critical"));
      for (const Value& group : given.get("groups")->as_list())
        metric.groups.push_back(group.as_string());
      metrics.push_back(std::move(metric));
    }
    std::map<std::string, double> weights;
    const Value* given = options_.get("groupWeights");
    if (given != nullptr && given->is_map()) {
      for (const auto& [name, weight] : given->as_map()) weights[name] = number(weight);
    }
    const kayenta::Score got = kayenta::score(metrics, weights);
    if (!same("summaryScore", got.score)) return false;
    const Value* sorted = expect_.get("groupScoresSorted");
    if (sorted == nullptr) return true;
    Values groups;
    for (const auto& [name, points] : got.groups) groups.push_back(points);
    std::sort(groups.begin(), groups.end());
    for (std::size_t i = 0; i < groups.size(); ++i) {
      if (i >= sorted->as_list().size()) return false;
      if (!same("a group's score", groups[i], number(sorted->as_list()[i]), 0)) return false;
    }
    return groups.size() == sorted->as_list().size();
  }

  std::vector<bool> detected(const Values& data) const {
    const double factor = number(options_.get("factor"), 3);
    if (text(options_.get("detector")) == "ksigma") return stats::outside_sigmas(data, factor);
    return stats::outside_fences(data, factor, flag(options_.get("reduceSensitivity")));
  }

  bool outliers() { return same_flags(detected(values(test_, "data"))); }

  bool transform() {
    Values data = values(test_, "data");
    const std::string op = text(options_.get("op"));
    if (op == "remove_nan") std::erase_if(data, [](double v) { return std::isnan(v); });
    if (op == "replace_nan") {
      for (double& v : data) v = std::isnan(v) ? number(options_.get("value"), 0) : v;
    }
    if (op != "remove_outliers") return same_values(data);
    const std::vector<bool> out = detected(data);
    Values kept;
    for (std::size_t i = 0; i < data.size(); ++i) {
      if (!out[i]) kept.push_back(data[i]);
    }
    return same_values(kept);
  }

  bool effect_size() {
    const Values x = values(test_, "experiment"), y = values(test_, "control");
    const std::string measure = text(options_.get("measure"));
    if (measure == "cles") return same("value", kayenta::cles(x, y));
    if (measure == "cohenD") return same("value", kayenta::cohen_d(x, y));
    return same("value", kayenta::mean_ratio(x, y));
  }

  bool percentile() {
    return same("value", stats::percentile(values(test_, "data"), number(*options_.get("p"))));
  }

  bool summary() {
    const Values data = values(test_, "data");
    if (data.empty()) {
      return same("min", 0) && same("max", 0) && same("mean", 0) && same("std", 0) &&
             same("count", 0);
    }
    const auto [low, high] = std::minmax_element(data.begin(), data.end());
    return same("min", *low) && same("max", *high) && same("mean", stats::mean(data)) &&
           same("std", std::sqrt(stats::variance(data))) &&
           same("count", static_cast<double>(data.size()));
  }

  bool wilcoxon() {
    return same("value", stats::rank_sum_difference(
                             number(*options_.get("mu")), number(options_.get("quantile"), 0),
                             values(test_, "experiment"), values(test_, "control")));
  }

  bool quantile() { return same("value", stats::normal_quantile(number(*options_.get("p")))); }

  bool interval() {
    const stats::ShiftInterval got = stats::solved_shift(
        values(test_, "experiment"), values(test_, "control"), number(*options_.get("confLevel")));
    return same("ciLower", got.low) && same("ciUpper", got.high) && same("estimate", got.estimate);
  }

  // The ends of the search, the quantiles and the statistic at the ends: each number expected is
  // one of those.
  bool intermediate() {
    const Values x = values(test_, "experiment"), y = values(test_, "control");
    const double low =
        *std::min_element(x.begin(), x.end()) - *std::max_element(y.begin(), y.end());
    const double high =
        *std::max_element(x.begin(), x.end()) - *std::min_element(y.begin(), y.end());
    if (!same("muMin", low) || !same("muMax", high) || !interval()) return false;
    const double z = stats::normal_quantile((1 - number(*options_.get("confLevel"))) / 2);
    Values known{z, -z};
    for (const double quantile : {z, -z, 0.0}) {
      for (const double end : {low, high})
        known.push_back(stats::rank_sum_difference(end, quantile, x, y));
    }
    const double tolerance = number(expect_.get("tol"), 1e-6);
    for (const auto& [name, expected] : expect_.as_map()) {
      if (!name.starts_with("zq") && !name.starts_with("f")) continue;
      const bool found = std::any_of(known.begin(), known.end(), [&](double v) {
        return std::abs(v - number(expected)) <= tolerance;
      });
      if (found) continue;
      why_ = fmt::format("nothing computed is {} = {}", name, number(expected));
      return false;
    }
    return true;
  }

  const Value& test_;
  const Value& options_;
  const Value& expect_;
  std::string& why_;
};

}  // namespace

bool judge_case_holds(const Value& test, std::string& why) {
  for (const char* part : {"options", "expect"}) {
    if (test.get(part) == nullptr)
      throw Error(ErrorKind::invalid, fmt::format("the case has no {}", part));
  }
  return Case(test, why).holds();
}

}  // namespace autopilot
