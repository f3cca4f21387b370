#include "core/optimize/problem.h"

#include <algorithm>
#include <cmath>

#include "core/optimize/values.h"

namespace autopilot::optimize {

std::string_view to_string(Status status) {
  constexpr std::string_view names[] = {"optimal", "stopped", "infeasible", "unbounded"};
  return names[static_cast<std::size_t>(status)];
}

bool has_rows_on_returns(const Problem& problem) {
  return std::isfinite(problem.roi_min) || std::isfinite(problem.return_min) ||
         std::any_of(problem.groups.begin(), problem.groups.end(),
                     [](const Group& g) { return std::isfinite(g.roi_min); });
}

bool has_prices(const Allocation& a) {
  return a.solver == "waterfill" || a.solver == "glpk-lp" || a.solver == "tangents" ||
         a.solver == "factor-newton" || a.solver == "active-set";
}

double spend_of(const std::vector<double>& spend) {
  double sum = 0, lost = 0;  // Neumaier's sum
  for (const double x : spend) {
    const double next = sum + x;
    lost += std::abs(sum) >= std::abs(x) ? (sum - next) + x : (x - next) + sum;
    sum = next;
  }
  return sum + lost;
}

double return_of(const Problem& problem, const std::vector<double>& spend) {
  return spend_of(returns_at(problem.channels, spend));
}

std::vector<double> risk_slopes(const Risk& risk, const std::vector<double>& x) {
  std::vector<double> out(x.size(), 0);
  if (!risk.any()) return out;
  for (std::size_t i = 0; i < risk.diagonal.size(); ++i) out[i] += risk.diagonal[i] * x[i];
  for (std::size_t i = 0; i < risk.dense.size(); ++i) {
    for (std::size_t j = 0; j < x.size(); ++j) out[i] += risk.dense[i][j] * x[j];
  }
  for (const std::vector<double>& factor : risk.loadings) {
    double exposure = 0;
    for (std::size_t i = 0; i < x.size(); ++i) exposure += factor[i] * x[i];
    for (std::size_t i = 0; i < x.size(); ++i) out[i] += factor[i] * exposure;
  }
  for (double& value : out) value *= risk.penalty;
  return out;
}

double risk_of(const Problem& problem, const std::vector<double>& spend) {
  if (!problem.risk.any()) return 0;
  const std::vector<double> slopes = risk_slopes(problem.risk, spend);
  double sum = 0;
  for (std::size_t i = 0; i < spend.size(); ++i) sum += slopes[i] * spend[i];
  return sum / 2;
}

double objective_of(const Problem& problem, const std::vector<double>& spend) {
  if (problem.goal == Goal::least_spend) return spend_of(spend);
  double price = problem.price;
  if (problem.goal == Goal::most_profit) price += 1;
  const double cost = price == 0 ? 0 : price * spend_of(spend);
  return return_of(problem, spend) - cost - risk_of(problem, spend);
}

}  // namespace autopilot::optimize
