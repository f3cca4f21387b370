// Which limits an allocation does not keep to.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "core/optimize/plan.h"

namespace autopilot::optimize {
namespace {

constexpr double kHair = 1e-6;  // of a limit: what is not missed; resolutions round

class Broken {
 public:
  Broken(const Plan& plan, const std::vector<double>& spend)
      : plan_(plan), spend_(spend), all_(spend_of(spend)) {}

  // What the allocation has, where that breaks the limit.
  std::optional<double> value(const Constraint& c) const {
    switch (c.limit) {
      case Limit::channel_min:
      case Limit::shift_down:
        return below(spend_[c.index], c.value);
      case Limit::channel_max:
      case Limit::shift_up:
        return above(spend_[c.index], c.value);
      case Limit::active_min:
        return spend_[c.index] > 0 ? below(spend_[c.index], c.value) : std::nullopt;
      case Limit::group_min:
      case Limit::pace_min:
        return below(sum(c.index), c.value);
      case Limit::group_max:
      case Limit::pace_max:
        return above(sum(c.index), c.value);
      case Limit::group_share:
        return all_ > 0 ? above(sum(c.index) / all_, c.value) : std::nullopt;
      case Limit::group_active:
        return above(static_cast<double>(active(c.index)), c.value);
      case Limit::group_roi:
        return roi(returned(plan_.open.groups[c.index].members), sum(c.index), c.value);
      case Limit::roi:
        return roi(return_of(plan_.open, spend_), all_, c.value);
      default:
        return std::nullopt;  // what is spent in all, and to be reached, is said anyway
    }
  }

 private:
  static std::optional<double> below(double x, double limit) {
    return x < limit - kHair * std::abs(limit) ? std::optional(x) : std::nullopt;
  }
  static std::optional<double> above(double x, double limit) {
    return x > limit + kHair * std::max(std::abs(limit), 1e-300) ? std::optional(x) : std::nullopt;
  }
  static std::optional<double> roi(double returned, double spend, double limit) {
    return spend > 0 ? below(returned / spend, limit) : std::nullopt;
  }
  double sum(std::size_t g) const {
    double out = 0;
    for (const std::size_t i : plan_.open.groups[g].members) out += spend_[i];
    return out;
  }
  std::size_t active(std::size_t g) const {
    const auto& members = plan_.open.groups[g].members;
    return static_cast<std::size_t>(std::count_if(members.begin(), members.end(),
                                                  [this](std::size_t i) { return spend_[i] > 0; }));
  }
  double returned(const std::vector<std::size_t>& members) const {
    double out = 0;
    for (const std::size_t i : members) {
      const Channel& c = plan_.open.channels[i];
      out += value_at(c.curve, spend_[i]) - (spend_[i] > 0 ? c.fixed_cost : 0);
    }
    return out;
  }

  const Plan& plan_;
  const std::vector<double>& spend_;
  double all_;
};

}  // namespace

std::vector<std::string> broken_limits(const Plan& plan, const std::vector<double>& spend) {
  std::vector<std::string> out;
  const Broken broken(plan, spend);
  for (const Constraint& c : plan.constraints) {
    const std::optional<double> value = broken.value(c);
    if (!value) continue;
    out.push_back(fmt::format(
        "{} ({})", words_of(plan, c),
        c.limit == Limit::group_share ? percent(*value) : amount(as_written(c, *value))));
  }
  return out;
}

}  // namespace autopilot::optimize
