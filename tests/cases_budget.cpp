#include "tests/cases_budget.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/base/error.h"
#include "core/optimize/solve.h"

namespace autopilot {
namespace {

using namespace optimize;  // NOLINT: all of it is used

double number(const Value* value, double otherwise) {
  return value == nullptr || value->is_null() ? otherwise : value->as_double();
}

std::string text(const Value* value) {
  return value != nullptr && value->is_string() ? value->as_string() : std::string();
}

std::vector<double> numbers(const Value& list) {
  std::vector<double> out;
  for (const Value& v : list.as_list()) out.push_back(v.as_double());
  return out;
}

Curve curve_of(const Value& from) {
  static const std::pair<const char*, Family> families[] = {
      {"linear", Family::linear},   {"log", Family::logarithm}, {"power", Family::power},
      {"exp", Family::exponential}, {"hill", Family::hill},     {"mm", Family::michaelis_menten},
      {"quad", Family::quadratic},  {"pwl", Family::piecewise},
  };
  const std::string type = text(from.get("type"));
  Curve curve;
  const auto known = std::find_if(std::begin(families), std::end(families),
                                  [&](const auto& f) { return type == f.first; });
  if (known == std::end(families)) throw Error(ErrorKind::invalid, "unknown curve " + type);
  curve.family = known->second;
  curve.a = number(from.get("a"), 0);
  for (const char* name : {"b", "k", "c"}) {
    if (from.get(name) != nullptr) curve.b = from.get(name)->as_double();
  }
  for (const char* name : {"p", "s"}) {
    if (from.get(name) != nullptr) curve.s = from.get(name)->as_double();
  }
  curve.carry = number(from.get("carryover"), 0);
  if (curve.family != Family::piecewise) return curve;
  const std::vector<double> x = numbers(*from.get("x")), y = numbers(*from.get("y"));
  for (std::size_t i = 0; i < x.size(); ++i) curve.points.push_back({x[i], y[i]});
  return curve;
}

// A group that others name as their parent contains their members, too.
void include_children(const List& from, std::vector<Group>& groups) {
  for (std::size_t round = 0; round < groups.size(); ++round) {
    bool grew = false;
    for (std::size_t g = 0; g < groups.size(); ++g) {
      const std::string parent = text(from[g].get("parent"));
      for (Group& other : groups) {
        if (parent.empty() || other.id != parent) continue;
        const std::size_t before = other.members.size();
        other.members.insert(other.members.end(), groups[g].members.begin(),
                             groups[g].members.end());
        std::sort(other.members.begin(), other.members.end());
        other.members.erase(std::unique(other.members.begin(), other.members.end()),
                            other.members.end());
        grew |= other.members.size() > before;
      }
    }
    if (!grew) return;
  }
}

Group group_of(const Value& from) {
  Group group;
  group.id = text(from.get("id"));
  for (const Value& member : from.get("members")->as_list())
    group.members.push_back(static_cast<std::size_t>(member.as_int()));
  std::sort(group.members.begin(), group.members.end());
  group.min = number(from.get("min"), 0);
  group.max = number(from.get("max"), kInfinity);
  group.max_share = number(from.get("max_share"), kInfinity);
  group.roi_min = number(from.get("roi_min"), -kInfinity);
  if (const Value* most = from.get("max_active"); most != nullptr && !most->is_null())
    group.max_active = static_cast<std::size_t>(most->as_int());
  return group;
}

void read_total(const Value& from, Problem& problem) {
  const Value* budget = from.get("budget");
  if (budget == nullptr) return;
  const double total = number(budget->get("total"), kInfinity);
  const std::string mode = text(budget->get("mode"));
  if (mode == "none") return;
  problem.total_max = total;
  if (mode == "eq") problem.total_min = total;
}

void read_shift(const Value& from, Problem& problem) {
  const Value* shift = from.get("shift");
  if (shift == nullptr || shift->is_null()) return;
  problem.turnover_max = number(shift->get("turnover_max"), kInfinity);
  const double share = number(shift->get("per_channel_pct"), kInfinity);
  if (std::isinf(share)) return;
  for (Channel& c : problem.channels) {
    c.min = std::max(c.min, c.current * (1 - share));
    c.max = std::min(c.max, c.current * (1 + share));
  }
}

void read_risk(const Value& from, Problem& problem) {
  const Value* risk = from.get("risk");
  if (risk == nullptr || risk->is_null()) return;
  problem.risk.penalty = number(risk->get("gamma"), 0);
  if (const Value* diagonal = risk->get("diag"))
    problem.risk.diagonal = numbers(*diagonal);
  else if (const Value* rows = risk->get("cov"))
    for (const Value& row : rows->as_list()) problem.risk.dense.push_back(numbers(row));
}

class BudgetCase {
 public:
  BudgetCase(const Value& instance, std::string& why)
      : expected_(*instance.get("expected")), why_(why) {
    problem_ = problem_of_instance(instance);
    has_target_ = instance.get("problem")->get("target_marginal_roi") != nullptr ||
                  expected_.get("profit_at_lambda") != nullptr;
    if (has_target_ && problem_.price == 0)
      problem_.price = number(instance.get("problem")->get("target_marginal_roi"), 0);
  }

  bool holds() {
    SolveOptions options;
    options.lp = solve_with_glpk;
    const Solution solution = solve(problem_, options);
    const Allocation& a = solution.allocation;
    const std::string status(to_string(a.status)), wanted = text(expected_.get("status"));
    if (status != wanted) return no("{}: {} is {} there", a.solver, status, wanted);
    if (wanted != "optimal") return true;
    const double objective = has_target_ ? return_of(problem_, a.spend) : a.objective;
    const double best = expected_.get("objective")->as_double();
    if (!(std::abs(objective - best) <= 1e-6 * std::abs(best)))
      return no("{}: objective {} is {} there", a.solver, objective, best);
    if (!(solution.certificate.violation <= 1e-7))
      return no("{}: a constraint is missed by {}", a.solver, solution.certificate.violation);
    if (!(solution.certificate.gap <= 1e-6))
      return no("{}: the gap is {}", a.solver, solution.certificate.gap);
    return total_price_holds(a) && duals_hold(a);
  }

 private:
  template <class... T>
  bool no(fmt::format_string<T...> format, T&&... values) {
    why_ = fmt::format(format, std::forward<T>(values)...);
    return false;
  }
  static bool is_near(double a, double b) {
    return std::abs(a - b) <= 1e-5 * std::max(1.0, std::abs(b));
  }

  bool total_price_holds(const Allocation& a) {
    const Value* price = expected_.get("lambda_budget");
    if (price == nullptr || price->is_null() || is_near(a.prices.total, price->as_double()))
      return true;
    return no("{}: the total's price {} is {} there", a.solver, a.prices.total, price->as_double());
  }

  bool duals_hold(const Allocation& a) {
    const Value* duals = expected_.get("duals_highs");
    if (duals == nullptr || !duals->is_map()) return true;
    for (const auto& [name, dual] : duals->as_map()) {
      double ours = 0;
      if (name == "budget") ours = a.prices.total;
      if (name == "turnover") ours = a.prices.turnover;
      if (name == "roi") ours = a.prices.roi;
      for (std::size_t g = 0; g < problem_.groups.size(); ++g) {
        const std::string& id = problem_.groups[g].id;
        if (name == "grp_" + id) ours = a.prices.group[g];
        if (name == "share_" + id) ours = a.prices.share[g];
        if (name == "roi_" + id && !a.prices.group_roi.empty()) ours = a.prices.group_roi[g];
      }
      if (!is_near(ours, dual.as_double()))
        return no("{}: the price of {} is {}, {} there", a.solver, name, ours, dual.as_double());
    }
    return true;
  }

  const Value& expected_;
  std::string& why_;
  Problem problem_;
  bool has_target_ = false;
};

}  // namespace

Problem problem_of_instance(const Value& instance) {
  const Value& from = *instance.get("problem");
  Problem problem;
  if (text(from.get("objective")) == "max_profit") problem.goal = Goal::most_profit;
  for (const Value& c : from.get("channels")->as_list()) {
    Channel channel;
    channel.id = text(c.get("id"));
    channel.curve = curve_of(*c.get("curve"));
    channel.min = number(c.get("min"), 0);
    channel.max = number(c.get("max"), kInfinity);
    channel.current = number(c.get("current"), 0);
    channel.active_min = number(c.get("active_min"), 0);
    channel.fixed_cost = number(c.get("fixed_cost"), 0);
    problem.channels.push_back(std::move(channel));
  }
  if (const Value* groups = from.get("groups"); groups != nullptr && groups->is_list()) {
    for (const Value& group : groups->as_list()) problem.groups.push_back(group_of(group));
    include_children(groups->as_list(), problem.groups);
  }
  problem.roi_min = number(from.get("roi_min"), -kInfinity);
  read_total(from, problem);
  read_shift(from, problem);
  read_risk(from, problem);
  return problem;
}

bool budget_case_holds(const Value& instance, std::string& why) {
  return BudgetCase(instance, why).holds();
}

}  // namespace autopilot
