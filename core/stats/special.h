#pragma once
// Distributions whose functions are special: Beta and Student. Boost.Math behind a facade; only
// special.cpp includes it. Throws Error(bug) for parameters outside of a distribution's domain.

namespace autopilot::stats {

double beta_cdf(double alpha, double beta, double x);       // alpha, beta > 0; x in [0, 1]
double beta_quantile(double alpha, double beta, double p);  // p in (0, 1)

// The standard Student distribution; `freedom` > 0, infinity for the normal one.
double student_peak(double freedom);  // its density at 0
double student_cdf(double freedom, double x);
double student_quantile(double freedom, double p);

}  // namespace autopilot::stats
