#pragma once
// Intervals and p-values from bootstrap replicates: percentiles as far out as Student's
// distribution wants them for what the error is worth, times sqrt(n/(n-1)) for resamples that vary
// less than the estimate (Hesterberg, What Teachers Should Know About the Bootstrap, The American
// Statistician 69, 2015, section 5.3: expanded percentile intervals). Accelerated percentiles
// (Efron 1987) covered less here: weights make the third moment itself too uncertain.

#include <vector>

#include "core/stats/ope_bounds.h"

namespace autopilot::stats {

// How sure an error is: its degrees of freedom, and of how many independent parts it is.
struct ErrorWorth {
  double freedom = 1, parts = 2;
};

// The replicates of one quantity. NaN are left out.
class Replicates {
 public:
  Replicates(std::vector<double> values, const ErrorWorth& worth);

  // NaN without any replicate.
  Interval interval(double alpha);
  Interval percentiles(double alpha);  // plain ones, as other programs have them
  // Two-sided, that the quantity is 0; no less than so many replicates can tell (Davison and
  // Hinkley 1997, section 4.2).
  double p_of_zero() const;

 private:
  double select(double share);

  std::vector<double> values_;
  double freedom_, widening_;
};

// Half the width of a normal interval in standard errors, for an error that is estimated.
double student_factor(const ErrorWorth& worth, double alpha);
// Two-sided, of an estimate so many such errors away from what is tested.
double student_p(const ErrorWorth& worth, double errors);

// Of a mean of `count` independent values that are either end of `ends` (conversions or not): all
// means that such values do not speak against, each with the error that it would have itself. Holds
// for few values and for rare ones, where an error estimated from them does not (Wilson, JASA 22,
// 1927; Brown, Cai and DasGupta, Statistical Science 16, 2001).
Interval score_interval(double mean, double count, const Interval& ends, double alpha);

}  // namespace autopilot::stats
