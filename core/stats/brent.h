#pragma once
// Root finding.

#include <functional>

namespace autopilot::stats {

struct Bracket {
  double low = 0, high = 0;        // ends
  double at_low = 0, at_high = 0;  // the function's values there
};

// A root of `f` between the ends, to an absolute `tolerance` in x: Brent's method (Algorithms for
// Minimization without Derivatives, 1973, chapter 4), step for step as R's zeroin, so that results
// agree with it beyond the tolerance. Without a change of sign it returns some point between them.
double brent_root(const std::function<double(double)>& f, Bracket bracket, double tolerance);

}  // namespace autopilot::stats
