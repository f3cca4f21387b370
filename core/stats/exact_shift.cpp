// The exact form of core/stats/mann_whitney.h.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <vector>

#include "core/stats/mann_whitney.h"
#include "core/stats/normal.h"
#include "core/stats/sample.h"

namespace autopilot::stats {
namespace {

// The distribution of U is counted up to here; beyond, it is normal for all purposes.
constexpr std::size_t kLargestExact = 50;

// Doubles in the order of their values as unsigned integers, so that they can be bisected.
std::uint64_t place(double x) {
  const auto bits = std::bit_cast<std::uint64_t>(x);
  constexpr std::uint64_t kSign = std::uint64_t{1} << 63;
  return bits & kSign ? ~bits : bits | kSign;
}
double at_place(std::uint64_t place) {
  constexpr std::uint64_t kSign = std::uint64_t{1} << 63;
  return std::bit_cast<double>(place & kSign ? place & ~kSign : ~place);
}

// The pairwise differences of two sorted samples, in order, without writing them down.
class Differences {
 public:
  Differences(std::vector<double> x, std::vector<double> y) : x_(std::move(x)), y_(std::move(y)) {
    std::sort(x_.begin(), x_.end());
    std::sort(y_.begin(), y_.end());
  }

  std::uint64_t count() const { return x_.size() * y_.size(); }

  // The k-th smallest, from 1: bisection over the doubles, exact.
  double kth(std::uint64_t k) const {
    std::uint64_t low = place(x_.front() - y_.back());
    std::uint64_t high = place(x_.back() - y_.front());
    while (low < high) {
      const std::uint64_t middle = low + (high - low) / 2;
      if (count_up_to(at_place(middle)) >= k) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return at_place(low);
  }

  double median() const {
    const std::uint64_t n = count();
    if (n % 2 == 1) return kth(n / 2 + 1);
    return std::midpoint(kth(n / 2), kth(n / 2 + 1));
  }

 private:
  // Rounding keeps the order: x_i - y_j falls with j and rises with i in floating point, too.
  std::uint64_t count_up_to(double limit) const {
    std::uint64_t found = 0;
    std::size_t j = 0;  // y_[j..] give differences <= limit
    for (const double x : x_) {
      while (j < y_.size() && x - y_[j] > limit) ++j;
      found += y_.size() - j;
    }
    return found;
  }

  std::vector<double> x_, y_;
};

bool has_ties(std::span<const double> x, std::span<const double> y) {
  std::vector<double> all(x.begin(), x.end());
  all.insert(all.end(), y.begin(), y.end());
  std::sort(all.begin(), all.end());
  return std::adjacent_find(all.begin(), all.end()) != all.end();
}

// P(U = u) for u in [0, mn] under the null: Mann and Whitney's recursion, as the coefficients of
// the Gaussian binomial, one sample value at a time.
std::vector<double> u_distribution(std::size_t m, std::size_t n) {
  std::vector<double> ways(m * n + 1, 0.0);
  ways[0] = 1;
  for (std::size_t i = 1; i <= m; ++i) {
    // times (1 - q^(n+i)) / (1 - q^i), scaled by i / (n + i) to stay a probability
    for (std::size_t u = m * n; u >= n + i; --u) ways[u] -= ways[u - n - i];
    for (std::size_t u = i; u <= m * n; ++u) ways[u] += ways[u - i];
    const double scale = static_cast<double>(i) / static_cast<double>(n + i);
    for (double& w : ways) w *= scale;
  }
  return ways;
}

// The largest k with P(U < k) <= tail: the k-th difference from either end bounds the interval. 0
// when there is none.
std::uint64_t exact_order(std::size_t m, std::size_t n, double tail) {
  const std::vector<double> probability = u_distribution(m, n);
  double below = 0;
  std::uint64_t k = 0;
  for (const double p : probability) {
    below += p;
    if (below > tail * (1 + 1e-9)) break;  // a tail met exactly is not missed by rounding
    ++k;
  }
  return k;
}

std::uint64_t normal_order(std::span<const double> x, std::span<const double> y, double tail) {
  std::vector<double> all(x.begin(), x.end());
  all.insert(all.end(), y.begin(), y.end());
  const double m = static_cast<double>(x.size());
  const double n = static_cast<double>(y.size());
  const double ties = tie_correction(ranks(all)) / ((m + n) * (m + n - 1));
  const double sigma = std::sqrt(m * n / 12 * (m + n + 1 - ties));
  const double k = std::floor(m * n / 2 + normal_quantile(tail) * sigma - 0.5);
  return k > 0 ? static_cast<std::uint64_t>(k) : 0;
}

}  // namespace

ShiftInterval exact_shift(std::span<const double> x, std::span<const double> y, double confidence) {
  const Differences differences({x.begin(), x.end()}, {y.begin(), y.end()});
  const double tail = (1 - confidence) / 2;
  const bool small = std::max(x.size(), y.size()) <= kLargestExact;
  const std::uint64_t k =
      small && !has_ties(x, y) ? exact_order(x.size(), y.size(), tail) : normal_order(x, y, tail);
  ShiftInterval out{-std::numeric_limits<double>::infinity(),
                    std::numeric_limits<double>::infinity(), differences.median()};
  if (k == 0) return out;
  out.low = differences.kth(k);
  out.high = differences.kth(differences.count() - k + 1);
  return out;
}

}  // namespace autopilot::stats
