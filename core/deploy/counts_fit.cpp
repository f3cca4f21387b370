#include "core/deploy/counts_fit.h"

#include <cmath>

namespace autopilot::deploy {
namespace {

// log of n! / (k! (n-k)!) p^k (1-p)^(n-k).
double log_binomial(double k, double n, double p) {
  return std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1) + k * std::log(p) +
         (n - k) * std::log1p(-p);
}

// P(X >= k) for k above the mean, by its terms, each a known multiple of the one before. The last
// ones are below what a double can tell.
double upper_tail(double k, double n, double p) {
  double term = std::exp(log_binomial(k, n, p)), sum = 0;
  for (double i = k; i <= n && term > sum * 1e-17; ++i) {
    sum += term;
    term *= (n - i) / (i + 1) * (p / (1 - p));
  }
  return sum;
}

}  // namespace

bool counts_fit(std::int64_t canary, std::int64_t total, double share, double alpha) {
  if (share <= 0) return canary == 0;
  if (share >= 1) return canary == total;
  const double k = static_cast<double>(canary), n = static_cast<double>(total);
  const double tail = k > n * share ? upper_tail(k, n, share) : upper_tail(n - k, n, 1 - share);
  return tail >= alpha / 2;
}

}  // namespace autopilot::deploy
