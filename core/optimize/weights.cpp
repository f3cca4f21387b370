#include "core/optimize/weights.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <unordered_set>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/optimize/columns.h"
#include "core/optimize/separable.h"
#include "core/optimize/whole.h"

namespace autopilot::optimize {
namespace {

// Quantile of the standard normal, by bisection on erfc: asked for once.
double normal_quantile(double p) {
  double low = -40, high = 40;
  for (int i = 0; i < 200; ++i) {
    const double middle = (low + high) / 2;
    (std::erfc(-middle / std::sqrt(2.0)) / 2 < p ? low : high) = middle;
  }
  return low;
}

// Jeffreys' mean, and Wilson's interval (E. B. Wilson, JASA 22, 1927).
Rate rate_of(const Destination& d, const WeightOptions& options) {
  Rate out;
  out.mean = d.value * (d.successes + 0.5) / (d.trials + 1);
  const double z = normal_quantile(0.5 + options.confidence / 2), n = d.trials;
  double low = 0, high = 1;
  if (n > 0) {
    const double p = d.successes / n, scale = 1 + z * z / n;
    const double centre = (p + z * z / (2 * n)) / scale;
    const double off = z / scale * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n));
    low = centre - off;
    high = centre + off;
  }
  out.low = d.value * std::max(0.0, low);
  out.high = d.value * std::min(1.0, high);
  out.used = options.objective == RateObjective::lower ? out.low : out.mean;
  return out;
}

// Of the mean: what is not known of it.
double variance_of(const Destination& d) {
  const double p = (d.successes + 0.5) / (d.trials + 1);
  return d.value * d.value * p * (1 - p) / (d.trials + 2);
}

std::vector<std::string> segments_of(const std::vector<Destination>& destinations) {
  std::vector<std::string> out;
  for (const Destination& d : destinations) out.push_back(d.segment);
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  std::erase(out, "");
  return out;
}

[[noreturn]] void refuse_segment(const std::string& id, const std::vector<std::string>& known) {
  std::string help(trim(did_you_mean(id, known)));
  if (known.empty()) help = "the table has no column segment";
  if (help.empty()) help = "there are " + join(known, ", ");
  throw Error(ErrorKind::invalid, fmt::format("no destination is in the segment {}", id), help);
}

Problem problem_of_weights(const std::vector<Destination>& destinations,
                           const std::vector<Rate>& rates, const WeightOptions& options) {
  Problem problem;
  problem.total_min = problem.total_max = 1;
  for (std::size_t i = 0; i < destinations.size(); ++i) {
    const Destination& d = destinations[i];
    Channel channel;
    channel.id = d.id;
    channel.curve.a = rates[i].used;
    channel.min = std::max(d.min, d.weight - d.max_delta);
    channel.max = std::min({d.max, d.weight + d.max_delta, 1.0});
    channel.current = d.weight;
    problem.channels.push_back(std::move(channel));
  }
  if (options.objective == RateObjective::risk) {
    problem.risk.penalty = options.risk;
    for (const Destination& d : destinations) problem.risk.diagonal.push_back(variance_of(d));
  }
  for (const Segment& segment : options.segments) {
    Group group;
    group.id = segment.id;
    group.min = segment.min;
    group.max = segment.max;
    for (std::size_t i = 0; i < destinations.size(); ++i) {
      if (destinations[i].segment == segment.id) group.members.push_back(i);
    }
    if (group.members.empty()) refuse_segment(segment.id, segments_of(destinations));
    problem.groups.push_back(std::move(group));
  }
  return problem;
}

const std::vector<std::string> kNames{"destination", "weight", "successes", "trials", "value",
                                      "min",         "max",    "max_delta", "segment"};

}  // namespace

std::vector<Destination> read_destinations(std::string_view text, std::uint32_t source,
                                           Diagnostics& diagnostics) {
  std::vector<Destination> out;
  std::unordered_set<std::string> ids;
  read_table(text, source, kNames, {"destination", "weight"}, diagnostics, [&](const Row& row) {
    Destination d;
    d.id = row.text(0);
    d.segment = row.text(8);
    double* const numbers[] = {&d.weight, &d.successes, &d.trials,   &d.value,
                               &d.min,    &d.max,       &d.max_delta};
    for (std::size_t k = 1; k <= 7; ++k) {
      const bool share = k == 1 || k >= 5;
      const std::optional<double> value = share ? row.share(k) : row.amount(k);
      if (value) *numbers[k - 1] = *value;
    }
    if (d.successes > d.trials) row.fault(2, fmt::format("{}: more successes than trials", d.id));
    if (d.min > d.max) row.fault(5, fmt::format("{}: min is above max", d.id));
    if (!ids.insert(d.id).second) row.fault(0, fmt::format("two destinations are called {}", d.id));
    out.push_back(std::move(d));
  });
  return out;
}

Weighted choose_weights(const std::vector<Destination>& destinations,
                        const WeightOptions& options) {
  Weighted out;
  for (const Destination& d : destinations) out.rates.push_back(rate_of(d, options));
  out.problem = problem_of_weights(destinations, out.rates, options);
  if (!is_separable(out.problem))
    throw Error(ErrorKind::bug, "segments that cross");  // each destination is in one
  out.solution = solve(out.problem, {});
  out.status = out.solution.allocation.status;
  if (out.status != Status::optimal) return out;
  const auto units = whole_units(out.problem, out.solution.allocation.spend, options.resolution);
  if (!units) {
    out.status = Status::infeasible;
    return out;
  }
  out.units = *units;
  for (std::size_t i = 0; i < destinations.size(); ++i) {
    out.before += destinations[i].weight * out.rates[i].mean;
    out.after += static_cast<double>(out.units[i]) * options.resolution * out.rates[i].mean;
  }
  return out;
}

}  // namespace autopilot::optimize
