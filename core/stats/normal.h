#pragma once
// The standard normal distribution.

namespace autopilot::stats {

double normal_cdf(double x);

// The x with normal_cdf(x) = p, to about 1e-15 relative; -inf and inf at 0 and 1, NaN outside.
// Wichura, Algorithm AS 241 (PPND16), Applied Statistics 37 (1988).
double normal_quantile(double p);

}  // namespace autopilot::stats
