#include "commands/budget_summary.h"

#include <fmt/format.h>

#include <cmath>

namespace autopilot::commands {
namespace {

using optimize::amount;

constexpr double kSame = 1e-9;  // of an amount

bool is_same(double a, double b) {
  return std::abs(a - b) <= kSame * std::max(std::abs(a), std::abs(b));
}

// "1,200 EUR (3.4%) more than today's", of what there was.
std::string compared(double now, double then, const std::string& unit) {
  if (is_same(now, then)) return "as much as today";
  std::string out = amount(std::abs(then - now)) + unit;
  if (now > 0) out += fmt::format(" ({})", optimize::percent(std::abs(then - now) / now));
  return out + (then > now ? " more than today" : " less than today");
}

// What channels are to give up for others.
double moved(const BudgetAnswer& answer) {
  double up = 0, down = 0;
  const std::vector<double>& plan = answer.solution.allocation.spend;
  for (std::size_t i = 0; i < plan.size(); ++i) {
    const double off = plan[i] - answer.problem.channels[i].current;
    (off > 0 ? up : down) += std::abs(off);
  }
  return std::min(up, down);
}

}  // namespace

std::string summary_of(const BudgetAnswer& answer, const Outcome& outcome) {
  const double spend = outcome.spend, before = outcome.spend_now;
  const std::string unit = answer.source.plan.unit.empty() ? "" : " " + answer.source.plan.unit;
  std::string out = fmt::format("Spend {}{}", amount(spend), unit);
  out += is_same(spend, before) ? ", as today" : ", " + compared(before, spend, unit);
  if (const double by = moved(answer); by > kSame * spend)
    out += fmt::format(", with {} moved from some channels to others", amount(by));
  out += fmt::format(". That returns {}: {}.", amount(outcome.returned),
                     compared(outcome.returned_now, outcome.returned, ""));
  if (answer.solution.allocation.status == optimize::Status::stopped)
    return out + fmt::format(" The search was stopped: a better plan may be there, by {} at most.",
                             optimize::percent(answer.solution.certificate.gap));
  return out;
}

}  // namespace autopilot::commands
