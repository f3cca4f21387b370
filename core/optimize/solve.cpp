#include "core/optimize/solve.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "core/base/error.h"
#include "core/optimize/branch.h"
#include "core/optimize/linear.h"
#include "core/optimize/pieces.h"
#include "core/optimize/quadratic.h"
#include "core/optimize/separable.h"
#include "core/optimize/whole.h"
#include "core/optimize/whole_program.h"

namespace autopilot::optimize {
namespace {

constexpr double kHair = 1e-9;     // of a bound: what is no contradiction
constexpr double kRounded = 1e-6;  // of a covariance: as it may have been written
constexpr double kAmiss = 1e-6;    // violation or gap that the exact dual does not have
constexpr std::size_t kMostNodes = 2'000'000;
constexpr std::size_t kFewNodes = 2'000, kNodesOfChannel = 100'000;  // before pieces are tried
constexpr std::size_t kManyForPieces = 1'000;
constexpr double kSecondsForUnits = 5;
constexpr std::size_t kManyChannels = 5000;  // for GLPK

bool has_switches(const Problem& problem) {
  return std::any_of(problem.channels.begin(), problem.channels.end(),
                     [](const Channel& c) { return c.can_stop() && c.min <= 0; }) ||
         std::any_of(problem.groups.begin(), problem.groups.end(),
                     [](const Group& g) { return g.max_active.has_value(); });
}

bool all_straight(const Problem& problem) {
  return std::all_of(problem.channels.begin(), problem.channels.end(),
                     [](const Channel& c) { return is_straight(c.curve); });
}

bool all_concave(const Problem& problem) {
  return std::all_of(problem.channels.begin(), problem.channels.end(), [](const Channel& c) {
    return is_concave(c.curve, c.min, std::max(c.min, c.max));
  });
}

// A channel that has to get something has to get its least amount when active.
bool has_idle_floor(const Channel& c) { return c.min > 0 && c.active_min > c.min; }
bool has_idle_floors(const Problem& problem) {
  return std::any_of(problem.channels.begin(), problem.channels.end(), has_idle_floor);
}
// A share of the whole that is less than all cannot be that of all channels: nothing is spent.
bool has_share_of_all(const Problem& problem) {
  return problem.total_max > 0 &&
         std::any_of(problem.groups.begin(), problem.groups.end(), [&](const Group& g) {
           return g.max_share < 1 && g.members.size() == problem.channels.size();
         });
}
Problem with_total_of_nothing(Problem problem) {
  problem.total_max = 0;
  return problem;
}

// Nothing to spend: no channel gets anything, and nothing is at risk.
bool has_nothing(const Problem& problem) {
  return !problem.risk.any() && std::all_of(problem.channels.begin(), problem.channels.end(),
                                            [](const Channel& c) { return c.max <= c.min; });
}
Problem with_nothing(Problem problem) {
  problem.risk = {};
  for (Channel& c : problem.channels) c.max = std::min(c.max, c.min);
  return problem;
}

bool are_crossed(double low, double high) { return low > high && low - high > kHair * low; }
bool has_crossed_bounds(const Problem& problem) {
  return are_crossed(problem.total_min, problem.total_max) ||
         std::any_of(problem.channels.begin(), problem.channels.end(),
                     [](const Channel& c) { return are_crossed(c.min, c.max); }) ||
         std::any_of(problem.groups.begin(), problem.groups.end(),
                     [](const Group& g) { return are_crossed(g.min, g.max); });
}
Problem with_floors_of_the_active(Problem problem) {
  for (Channel& c : problem.channels) {
    if (has_idle_floor(c)) c.min = c.active_min;
  }
  return problem;
}

bool fits(std::string_view solver, const Problem& problem) {
  if (solver == "waterfill") return is_separable(problem);
  if (solver == "branch") return is_branchable(problem);
  if (solver == "qp") return is_quadratic(problem);
  if (solver == "lp")
    return !problem.risk.any() && all_straight(problem) && all_concave(problem) &&
           !has_switches(problem);
  if (solver == "tangents") return all_concave(problem) && !has_switches(problem);
  return true;
}

// What was found without a proof may be worse than what is there.
void keep_current_if_better(const Problem& problem, Allocation& a) {
  std::vector<double> current;
  for (const Channel& c : problem.channels) current.push_back(c.current);
  if (a.status == Status::optimal || violation_of(problem, current) > 1e-9) return;
  const double objective = objective_of(problem, current);
  const bool least = problem.goal == Goal::least_spend;
  if (least ? objective >= a.objective : objective <= a.objective) return;
  a.spend = std::move(current);
  a.objective = objective;
}

// Nothing was found in time: what is there, if it keeps to the limits.
void fall_back_to_current(const Problem& problem, Allocation& a) {
  std::vector<double> current;
  for (const Channel& c : problem.channels) current.push_back(c.current);
  if (violation_of(problem, current) > 1e-9) return;
  a.objective = objective_of(problem, current);
  a.spend = std::move(current);
}

// Prices far beyond all slopes, as of a move that has to be made, leave the dual no digits.
bool is_doubtful(const Problem& problem, const Certificate& certificate) {
  // Of nothing there is no relative gap.
  return certificate.violation > kAmiss || (problem.total_max > 0 && !(certificate.gap <= kAmiss));
}
bool can_be_doubted(const Problem& problem, const SolveOptions& options) {
  return options.lp && problem.channels.size() <= kManyChannels;
}

// Branch and bound, which now and then goes on for ever where many plans are nearly as good: then
// pieces, which have cuts.
Allocation branch_or_pieces(const Problem& problem, const SolveOptions& options) {
  const double gap = std::min(options.gap, 1e-10);
  const std::size_t n = std::max<std::size_t>(problem.channels.size(), 1);
  if (!options.lp || !options.solver.empty() || n > kManyForPieces)
    return solve_branching(problem, {gap, kMostNodes, options.stop});
  Allocation found =
      solve_branching(problem, {gap, std::max(kFewNodes, kNodesOfChannel / n), options.stop});
  if (found.status != Status::stopped || (options.stop && options.stop())) return found;
  const double branched = found.bound;
  Allocation pieces =
      solve_pieces(problem, options.lp, {options.seconds, options.gap, options.stop});
  const bool better =
      !pieces.spend.empty() && (found.spend.empty() || pieces.objective > found.objective);
  pieces.bound = std::min(pieces.bound, branched);
  if (better || pieces.status == Status::optimal) return pieces;
  found.bound = pieces.bound;
  return found;
}

Allocation run(std::string_view solver, const Problem& problem, const SolveOptions& options) {
  if (solver == "waterfill") return solve_separable(problem);
  if (solver == "branch") return branch_or_pieces(problem, options);
  if (solver == "qp") return solve_quadratic(problem, options.stop);
  if (!options.lp) throw Error(ErrorKind::bug, "there is no solver of linear programs");
  const LinearOptions linear{options.seconds, options.gap, options.stop};
  const bool exact = all_concave(problem) &&
                     ((all_straight(problem) && !problem.risk.any()) || !has_switches(problem));
  return exact ? solve_linear(problem, options.lp, linear)
               : solve_pieces(problem, options.lp, linear);
}

// No two returns vary more together than each does alone.
std::string fault_of_covariance(const Problem& p) {
  const auto& Q = p.risk.dense;
  for (std::size_t i = 0; i < Q.size(); ++i) {
    if (Q[i][i] < 0) return fmt::format("the variance of {} is below 0", p.channels[i].id);
    for (std::size_t j = 0; j < i; ++j) {
      if (std::abs(Q[i][j]) <= (1 + kRounded) * std::sqrt(Q[i][i]) * std::sqrt(Q[j][j])) continue;
      return fmt::format("the covariance of {} and {}, {}, is more than their variances allow: {}",
                         p.channels[j].id, p.channels[i].id, Q[i][j],
                         std::sqrt(Q[i][i]) * std::sqrt(Q[j][j]));
    }
  }
  return "";
}

}  // namespace

std::string fault_of(const Problem& p) {
  for (const Channel& c : p.channels) {
    if (const std::string_view fault = fault_of(c.curve); !fault.empty())
      return fmt::format("the curve of {} {}", c.id, fault);
    for (const double x : {c.min, c.current, c.active_min, c.fixed_cost}) {
      if (!std::isfinite(x) || x < 0)
        return fmt::format("{} has an amount that is no number or below 0", c.id);
      if (x > kMostAmount) return fmt::format("{} has an amount beyond 1e30", c.id);
    }
    if (std::isnan(c.max) || c.max < 0) return fmt::format("{} has a max that is no number", c.id);
  }
  for (const Group& g : p.groups) {
    if (std::isnan(g.min) || std::isnan(g.max) || std::isnan(g.max_share) || std::isnan(g.roi_min))
      return fmt::format("the group {} has a bound that is no number", g.id);
  }
  if (std::isnan(p.total_min) || std::isnan(p.total_max) || std::isnan(p.roi_min) ||
      std::isnan(p.return_min) || std::isnan(p.turnover_max) || !std::isfinite(p.price))
    return "the total or a limit is no number";
  if (p.total_min > kMostAmount || (std::isfinite(p.total_max) && p.total_max > kMostAmount))
    return "the total is beyond 1e30";
  if (!std::isfinite(p.risk.penalty) || p.risk.penalty < 0)
    return "the risk penalty is no number or below 0";
  for (const double v : p.risk.diagonal) {
    if (!std::isfinite(v) || v < 0) return "a variance is no number or below 0";
  }
  for (const auto* rows : {&p.risk.loadings, &p.risk.dense}) {
    for (const auto& row : *rows) {
      if (!std::all_of(row.begin(), row.end(), [](double v) { return std::isfinite(v); }))
        return "a covariance is no number";
    }
  }
  return fault_of_covariance(p);
}

std::string class_of(const Problem& problem) {
  std::string out = all_straight(problem) ? "straight returns" : "smooth returns";
  if (!all_concave(problem)) out = "S-shaped returns";
  out += forest_of(problem) ? (problem.groups.empty() ? ", one total" : ", nested groups")
                            : ", crossed groups";
  if (has_switches(problem)) out += ", on or off";
  if (has_rows_on_returns(problem)) out += ", floors on returns";
  if (std::isfinite(problem.turnover_max)) out += ", limited moves";
  if (problem.risk.any()) out += problem.risk.is_diagonal() ? ", variances" : ", covariances";
  return out;
}

std::string_view solver_for(const Problem& problem) {
  if (is_separable(problem)) return "waterfill";
  if (problem.risk.any() && is_quadratic(problem)) return "qp";
  const bool switches = has_switches(problem);
  if (!switches && all_concave(problem))
    return all_straight(problem) && !problem.risk.any() ? "lp" : "tangents";
  // Switches on straight returns are what GLPK is good at; curves and S-shapes are not.
  if (is_branchable(problem) && !(switches && all_straight(problem))) return "branch";
  return "mip";
}

Solution solve(const Problem& problem, const SolveOptions& options) {
  if (const std::string fault = fault_of(problem); !fault.empty())
    throw Error(ErrorKind::invalid, fault);
  Solution out;
  out.problem_class = class_of(problem);
  if (has_idle_floors(problem)) return solve(with_floors_of_the_active(problem), options);
  if (has_share_of_all(problem)) return solve(with_total_of_nothing(problem), options);
  if (has_crossed_bounds(problem)) {
    out.allocation.status = Status::infeasible;
    return out;
  }
  std::string_view solver = options.solver;
  if (solver.empty()) solver = solver_for(problem);
  if (!fits(solver, problem))
    throw Error(ErrorKind::invalid,
                fmt::format("the solver {} cannot do {}", solver, out.problem_class),
                fmt::format("{} can", solver_for(problem)));
  if (solver != "waterfill" && problem.total_max <= 0 && !has_nothing(problem))
    return solve(with_nothing(problem), options);
  Allocation& a = out.allocation = run(solver, problem, options);
  if (a.status == Status::stopped && a.spend.empty()) fall_back_to_current(problem, a);
  if (a.status == Status::infeasible || a.status == Status::unbounded || a.spend.empty())
    return out;
  keep_current_if_better(problem, a);
  out.certificate = certify(problem, a.spend, a.prices);
  if (solver == "waterfill" && options.solver.empty() && is_doubtful(problem, out.certificate) &&
      can_be_doubted(problem, options)) {
    SolveOptions again = options;
    again.solver = all_straight(problem) && !problem.risk.any() ? "lp" : "tangents";
    return solve(problem, again);
  }
  // What has no prices (switches, S-curves) is as good as its solver's bound.
  const bool least = problem.goal == Goal::least_spend;
  const bool proven = solver == "branch" || solver == "mip" || solver == "tangents";
  if (proven && std::isfinite(a.bound))
    out.certificate.bound =
        least ? std::max(out.certificate.bound, a.bound) : std::min(out.certificate.bound, a.bound);
  if (proven && std::isnan(out.certificate.bound)) out.certificate.bound = a.bound;
  out.certificate.gap = relative_gap(a.objective, out.certificate.bound);
  a.bound = out.certificate.bound;
  return out;
}

Solution in_whole_units(const Problem& problem, Solution solution, double unit,
                        const SolveOptions& options) {
  Allocation& a = solution.allocation;
  if (!(unit > 0) || a.spend.empty()) return solution;
  const bool greedy = is_separable(problem) && !has_rows_on_returns(problem) &&
                      std::isinf(problem.turnover_max) && problem.goal != Goal::least_spend;
  std::optional<std::vector<std::int64_t>> units;
  if (greedy)
    units = whole_units(problem, a.spend, unit);
  else if (options.lp && problem.channels.size() <= kMostForProgram)
    units = whole_by_program(problem, a.spend, unit, options.lp,
                             std::min(options.seconds, kSecondsForUnits));
  solution.is_whole = false;
  if (!units) return solution;
  // Of 0.01, 1234 units are 1234 / 100: the double that is written 12.34.
  const double per = std::round(1 / unit);
  const bool decimal = unit < 1 && std::abs(per * unit - 1) < 1e-12;
  std::vector<double> spend;
  for (const std::int64_t n : *units)
    spend.push_back(decimal ? static_cast<double>(n) / per : static_cast<double>(n) * unit);
  if (violation_of(problem, spend) > (greedy ? 1e-12 : 10 * kHair)) return solution;
  solution.is_whole = true;
  a.spend = std::move(spend);
  a.objective = objective_of(problem, a.spend);
  solution.certificate.violation = violation_of(problem, a.spend);
  solution.certificate.gap = relative_gap(a.objective, a.bound);
  return solution;
}

}  // namespace autopilot::optimize
