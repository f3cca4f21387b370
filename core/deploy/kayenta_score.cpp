// The score of core/deploy/kayenta.h.
#include <cmath>
#include <optional>

#include "core/deploy/kayenta.h"

namespace autopilot::deploy::kayenta {
namespace {

constexpr double kMostWithoutData = 0.5;  // of all metrics

struct Group {
  int passed = 0;
  int counted = 0;  // without those that have no data, or failed to be judged

  void add(Label label) {
    if (label == Label::nodata || label == Label::error) return;
    ++counted;
    passed += label == Label::pass;
  }
  double score() const { return counted == 0 ? 0 : 100.0 * passed / counted; }
};

std::map<std::string, Group> grouped(const std::vector<Scored>& metrics) {
  std::map<std::string, Group> groups;
  for (const Scored& metric : metrics) {
    for (const std::string& name : metric.groups) groups[name].add(metric.label);
  }
  return groups;
}

// What each group without a weight of its own gets.
double shared_weight(const std::map<std::string, Group>& groups,
                     const std::map<std::string, double>& weights) {
  double left = 100;
  for (const auto& [name, weight] : weights) left -= weight;
  int sharers = 0;
  for (const auto& [name, group] : groups) sharers += !weights.contains(name);
  return sharers == 0 ? 0 : left / sharers;
}

double summed(const std::map<std::string, Group>& groups,
              const std::map<std::string, double>& weights) {
  const double shared = shared_weight(groups, weights);
  double sum = 0;
  for (const auto& [name, group] : groups) {
    const auto own = weights.find(name);
    const double weight = own == weights.end() ? shared : own->second;
    sum += (group.counted == 0 ? 100.0 : group.score()) * (weight / 100);
  }
  return std::round(sum * 100) / 100;
}

// Why the score is 0 whatever the groups say.
std::optional<std::string> failed_outright(const std::vector<Scored>& metrics) {
  // No metric at all is no evidence either.
  if (metrics.empty()) return "there is no metric to judge by";
  std::size_t without_data = 0;
  for (const Scored& metric : metrics) {
    if (metric.critical && metric.label != Label::pass) return metric.reason;
    without_data += metric.label == Label::nodata;
  }
  if (static_cast<double>(without_data) >= kMostWithoutData * static_cast<double>(metrics.size())) {
    return "half of the metrics or more have no data";
  }
  return std::nullopt;
}

}  // namespace

Score score(const std::vector<Scored>& metrics, const std::map<std::string, double>& weights) {
  const std::map<std::string, Group> groups = grouped(metrics);
  Score out;
  for (const auto& [name, group] : groups) out.groups[name] = group.score();
  const std::optional<std::string> failed = failed_outright(metrics);
  if (failed) {
    out.reason = *failed;
  } else {
    out.score = summed(groups, weights);
  }
  return out;
}

}  // namespace autopilot::deploy::kayenta
