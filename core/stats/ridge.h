#pragma once
// Linear least squares with a penalty, from sums that rows are added to one by one: fits on all
// rows but those of one fold come from the same sums by subtraction.

#include <cstdint>
#include <span>
#include <vector>

namespace autopilot::stats {

// A row by its non-zero features.
struct SparseRow {
  std::span<const std::uint32_t> index;  // rising
  std::span<const double> value;
};

double dot(const SparseRow& row, std::span<const double> coefficients);

class NormalEquations {
 public:
  explicit NormalEquations(std::size_t features);

  void add(const SparseRow& row, double target, double weight = 1);
  void add(const NormalEquations& other, double sign = 1);
  double weight() const { return weight_; }

  // Coefficients under `penalty` times their squares, feature 0 (the intercept) aside. Where there
  // is no row, or nothing tells an intercept, that is `otherwise`.
  std::vector<double> solve(double penalty, double otherwise) const;

 private:
  std::size_t features_;
  double weight_ = 0;
  std::vector<double> xx_;  // lower triangle by rows
  std::vector<double> xy_;
};

}  // namespace autopilot::stats
