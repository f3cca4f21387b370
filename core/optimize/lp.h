#pragma once
// Linear programs with or without integer columns, and what answers them. GLPK aborts on bad
// arguments and does not keep to time limits within its presolve, so that commands run it in a
// process of its own (lp_wire.h). Models are checked here before.

#include <functional>
#include <string>
#include <vector>

#include "core/optimize/problem.h"

namespace autopilot::optimize {

struct LpColumn {
  double low = 0, high = kInfinity, cost = 0;
  bool integer = false;
};
struct LpEntry {
  std::size_t row = 0, column = 0;
  double value = 0;
};
// Greatest cost' x + constant with every row and column within its bounds.
struct LpModel {
  std::vector<LpColumn> columns;
  std::vector<std::pair<double, double>> rows;  // lower and upper bound
  std::vector<LpEntry> entries;                 // each place once at most
  double constant = 0;
  double amount = 0;  // the size of the values that matter, for scaling; 0: that of the bounds
  bool has_integers() const;
};

struct LpAnswer {
  Status status = Status::stopped;  // with `values` empty when there is no feasible one yet
  std::vector<double> values;
  std::vector<double> row_prices;     // d objective / d bound; of an LP
  std::vector<double> reduced_costs;  // by column; of an LP
  double objective = 0, bound = 0;
};

using LpSolver = std::function<LpAnswer(const LpModel& model, double seconds)>;

// "" or why the model is not given to any solver: NaN, a bound beyond the other, a place twice.
std::string fault_of(const LpModel& model);

// In this process: may abort it, may take longer than `seconds` by a little.
LpAnswer solve_with_glpk(const LpModel& model, double seconds);
// `stop` is asked now and then: once it is true, the best found is the answer.
LpAnswer solve_with_glpk_until(const LpModel& model, double seconds,
                               const std::function<bool()>& stop);
std::string glpk_version();

}  // namespace autopilot::optimize
