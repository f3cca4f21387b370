// Amounts and limits in the words of documents.
#include <fmt/format.h>

#include <cmath>

#include "core/optimize/plan.h"

namespace autopilot::optimize {

std::string amount(double value) {
  if (!std::isfinite(value)) return std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf";
  const double size = std::abs(value);
  std::string digits;
  if (size != 0 && (size < 1e-3 || size >= 1e15)) return fmt::format("{:.4g}", value);
  const int places = size >= 1000 || size == std::floor(size) ? (size >= 1000 ? 0 : 0)
                     : size >= 10                             ? 2
                                                              : 4;
  digits = fmt::format("{:.{}f}", size, places);
  if (digits.find('.') != std::string::npos) {
    while (digits.back() == '0') digits.pop_back();
    if (digits.back() == '.') digits.pop_back();
  }
  const std::size_t whole = std::min(digits.find('.'), digits.size());
  for (std::size_t at = whole; at > 3; at -= 3) digits.insert(at - 3, ",");
  return (value < 0 && digits != "0" ? "-" : "") + digits;
}

std::string signed_amount(double value) { return (value < 0 ? "" : "+") + amount(value); }

std::string percent(double share) {
  return std::isfinite(share) ? fmt::format("{:.1f}%", 100 * share) : "";
}

double as_written(const Constraint& c, double value) { return c.is_cost ? 1 / value : value; }

std::string words_of(const Plan& plan, const Constraint& c) {
  const auto channel = [&] { return plan.open.channels[c.index].id; };
  const auto group = [&] { return plan.open.groups[c.index].id; };
  switch (c.limit) {
    case Limit::channel_min:
      return fmt::format("{}: min {}", channel(), amount(c.value));
    case Limit::channel_max:
      return fmt::format("{}: max {}", channel(), amount(c.value));
    case Limit::shift_down:
      return fmt::format("{}: max_shift, at least {}", channel(), amount(c.value));
    case Limit::shift_up:
      return fmt::format("{}: max_shift, at most {}", channel(), amount(c.value));
    case Limit::frozen:
      return fmt::format("{}: frozen at {}", channel(), amount(c.value));
    case Limit::active_min:
      return fmt::format("{}: min_if_active {}", channel(), amount(c.value));
    case Limit::total_min:
      return fmt::format("total: at least {}", amount(c.value));
    case Limit::total_max:
      return fmt::format("total: at most {}", amount(c.value));
    case Limit::group_min:
      return fmt::format("group {}: min {}", group(), amount(c.value));
    case Limit::group_max:
      return fmt::format("group {}: max {}", group(), amount(c.value));
    case Limit::group_share:
      return fmt::format("group {}: max_share {}", group(), percent(c.value));
    case Limit::group_roi:
      return fmt::format("group {}: {} {}", group(), c.is_cost ? "cpa_max" : "roi_min",
                         amount(as_written(c, c.value)));
    case Limit::group_active:
      return fmt::format("group {}: max_active {}", group(), amount(c.value));
    case Limit::pace_min:
      return fmt::format("pacing {}: min {}", group(), amount(c.value));
    case Limit::pace_max:
      return fmt::format("pacing {}: max {}", group(), amount(c.value));
    case Limit::roi:
      return fmt::format("{} {}", c.is_cost ? "cpa_max" : "roi_min",
                         amount(as_written(c, c.value)));
    case Limit::turnover:
      return fmt::format("max_moved {}", amount(c.value));
    case Limit::return_min:
      return fmt::format("return_min {}", amount(c.value));
  }
  return "";
}

}  // namespace autopilot::optimize
