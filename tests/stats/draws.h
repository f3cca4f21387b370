#pragma once
// Seeded draws for tests by simulation.

#include <cmath>
#include <cstdint>
#include <random>

namespace autopilot::stats {

class Draws {
 public:
  explicit Draws(std::uint64_t seed) : engine_(seed) {}

  double uniform() { return std::uniform_real_distribution<double>(0, 1)(engine_); }
  double normal() { return std::normal_distribution<double>(0, 1)(engine_); }
  std::int64_t binomial(std::int64_t n, double p) {
    return std::binomial_distribution<std::int64_t>(n, p)(engine_);
  }
  std::int64_t poisson(double mean) {
    return std::poisson_distribution<std::int64_t>(mean)(engine_);
  }

 private:
  std::mt19937_64 engine_;
};

// The most successes in n trials of probability p that are still seen once in a million runs: a
// bound for rates that a test must not exceed.
inline std::int64_t most_by_chance(std::int64_t n, double p) {
  const double mean = static_cast<double>(n) * p;
  return static_cast<std::int64_t>(mean + 5 * std::sqrt(mean * (1 - p)) + 3);
}

}  // namespace autopilot::stats
