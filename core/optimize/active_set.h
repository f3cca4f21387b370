#pragma once
// Strictly convex quadratic programs: the dual active-set method of Goldfarb and Idnani, A
// numerically stable dual method for solving strictly convex quadratic programs, Mathematical
// Programming 27 (1983), whose names it keeps. Dense; for some hundred variables. Pure.

#include <vector>

namespace autopilot::optimize {

// normal' x >= bound, or = bound. `entries` are the normal's, the others are 0.
struct QpRow {
  std::vector<std::pair<std::size_t, double>> entries;
  double bound = 0;
  bool equal = false;
};

struct QpAnswer {
  bool feasible = true;
  std::vector<double> x;
  std::vector<double> u;  // multiplier of each row, >= 0 but for equal ones
  std::size_t steps = 0;
};

// Least x' G x / 2 + g' x. `G` by rows. REQUIRES G positive definite; throws Error(invalid) if not.
QpAnswer solve_qp(const std::vector<std::vector<double>>& G, const std::vector<double>& g,
                  const std::vector<QpRow>& rows);

}  // namespace autopilot::optimize
