#pragma once
// How far one sample lies above another: the interval that inverts the Mann-Whitney (Wilcoxon
// rank-sum) test, with the Hodges-Lehmann estimate. Two forms: solved for as Kayenta's judge does,
// for parity with it, and exact, from the ordered pairwise differences.

#include <span>

namespace autopilot::stats {

struct ShiftInterval {
  double low = 0, high = 0;  // of x - y
  double estimate = 0;
};

// The standardised rank-sum statistic of x - mu against y, with continuity correction, less
// `quantile`. Throws Error(invalid) when all observations are tied.
double rank_sum_difference(double mu, double quantile, std::span<const double> x,
                           std::span<const double> y);

// Where that statistic crosses the normal quantiles of `confidence`, to an absolute 1e-4: as R's
// wilcox.test(conf.int, exact = FALSE), and so as spinnaker/kayenta. Depends on the unit of the
// values below 1e-3 or so. REQUIRES that neither sample is empty.
ShiftInterval solved_shift(std::span<const double> x, std::span<const double> y, double confidence);

// The same from order statistics of the differences x_i - y_j (Hollander and Wolfe, Nonparametric
// Statistical Methods, section 4.3): exact under any continuous distribution while the samples are
// small and have no ties, by the normal approximation with ties otherwise. Covers at least
// `confidence`: it is infinite when the samples are too small for that. No unit matters. REQUIRES
// that neither sample is empty; all values finite.
ShiftInterval exact_shift(std::span<const double> x, std::span<const double> y, double confidence);

}  // namespace autopilot::stats
