#pragma once
// Choosing how much to shrink weights: SLOPE (Su, Srinath and Krishnamurthy, Adaptive Estimator
// Selection for Off-Policy Evaluation, ICML 2020; improved constants of Tucker and Lee 2021), and
// the estimated mean squared error (Su et al., Doubly Robust Off-Policy Evaluation with Shrinkage,
// ICML 2020, section 5).

#include <cstdint>
#include <span>
#include <vector>

#include "core/stats/ope.h"

namespace autopilot::stats {

// What a candidate's terms sum up to.
struct TuningSums {
  OpeEstimator estimator;
  double sum = 0, squares = 0;  // of the terms
  double lost = 0;              // of (w - shrunk w) (r - q)

  void add(const OpeRows& rows, std::vector<double>& scratch);
  // For choose_by_mse(), beside add(): what the shrinkage loses.
  void add_lost(const OpeRows& rows, const double* residual_or_reward);
  void add(const TuningSums& other);
};

// Candidates as the literature has them: L of 10 to 10,000 and infinity.
std::vector<OpeEstimator> tuning_grid(Ope kind);

// The index of the candidate that SLOPE chooses. `delta`: its confidence.
std::size_t choose_by_slope(std::span<const TuningSums> candidates, std::uint64_t rows,
                            double delta = 0.1);

// The l of sg-ips and sg-dr that makes their bound least (Metelli et al. 2021, theorem 5.1):
// sqrt(2 ln(1/delta) / (3 E[w^2] n)), at most 1.
double sub_gaussian_parameter(double mean_square, double rows, double delta);

struct WeightRange {
  double mean_square = 0;
  double most = 0;
};
// The index of the least variance plus squared upper bound of the bias.
std::size_t choose_by_mse(std::span<const TuningSums> candidates, std::uint64_t rows,
                          const WeightRange& weights, double delta = 0.05);

}  // namespace autopilot::stats
