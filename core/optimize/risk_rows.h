#pragma once
// Risk in a linear program. It is half the sum of the squares of what is spent on each of some
// factors, and a square is never below its tangents: with tangents where the answers are, the
// program's optimum is never below that of the problem and comes as close as wanted. Pure.

#include <functional>
#include <vector>

#include "core/optimize/lp.h"
#include "core/optimize/problem.h"

namespace autopilot::optimize {

// A channel's spend in a program: what is there anyway, and columns times their units.
struct SpendColumns {
  double start = 0;
  std::vector<std::pair<std::size_t, double>> columns;
};

class RiskRows {
 public:
  // Throws Error(invalid) on a covariance that is none. `amount` is the size of what is spent.
  RiskRows(const Problem& problem, double amount);

  bool any() const { return !factors_.empty(); }
  // `scale`: how large the program's values are that are amounts.
  void add(LpModel& model, double scale,
           const std::function<SpendColumns(std::size_t channel)>& spend_of) const;
  // New tangents where the answer is; false when they are all there already.
  bool add_tangents(const std::vector<double>& spend);

 private:
  struct Factor {
    std::vector<std::pair<std::size_t, double>> loads;  // channels, and their weights
    double size = 1;                                    // the most that may be spent on it
    double unit = 1;                                    // of that in the program
    std::vector<double> points;                         // of tangents
  };
  void add_factor(std::vector<std::pair<std::size_t, double>> loads);
  void add_dense(const Problem& problem);
  std::vector<SpendColumns> add_spends(
      LpModel& model, const std::function<SpendColumns(std::size_t channel)>& spend_of) const;

  double amount_;
  bool is_open_;  // no total bounds what is spent
  std::vector<Factor> factors_;
};

}  // namespace autopilot::optimize
