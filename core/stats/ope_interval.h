#pragma once
// Intervals and p-values from bootstrap replicates: bias-corrected and accelerated percentiles
// (Efron, Better Bootstrap Confidence Intervals, JASA 82, 1987), which are right to second order
// where plain percentiles of skewed estimates are not, and as wide as Student's distribution wants
// it for what the error is worth (Hesterberg, What Teachers Should Know About the Bootstrap, The
// American Statistician 69, 2015, "expanded percentile interval").

#include <vector>

#include "core/stats/ope_blocks.h"
#include "core/stats/ope_bounds.h"

namespace autopilot::stats {

// The replicates of one quantity. NaN are left out.
class Replicates {
 public:
  // `blocks`: how many were resampled.
  Replicates(std::vector<double> values, double estimate, const InfluenceShape& shape,
             std::size_t blocks);

  Interval interval(double alpha);  // NaN without any replicate
  // Two-sided, that the quantity is 0; no less than so many replicates can tell (Davison and
  // Hinkley 1997, section 4.2).
  double p_of_zero() const;

 private:
  double share_at(double z) const;  // of the replicates, for a normal quantile
  double select(double share);

  std::vector<double> values_;
  double bias_ = 0;  // z0
  double acceleration_, freedom_, widening_;
};

// Half the width of a normal interval in standard errors, for an error that is estimated.
double student_factor(const InfluenceShape& shape, double alpha);

}  // namespace autopilot::stats
