#pragma once
// SeededDraws for simulations, the same for a seed on every machine: xoshiro256++ (Blackman and
// Vigna, 2021), normal by Marsaglia's polar method, Gamma by Marsaglia and Tsang (2000).

#include <cstdint>

namespace autopilot::stats {

class SeededDraws {
 public:
  // Seeds far apart for each pair of numbers.
  SeededDraws(std::uint64_t seed, std::uint64_t stream);

  std::uint64_t bits();
  double uniform();                  // in [0, 1)
  std::size_t below(std::size_t n);  // evenly; n > 0
  double normal();
  double gamma(double shape);  // shape > 0
  double beta(double alpha, double beta);

 private:
  std::uint64_t state_[4];
  double spare_ = 0;
  bool has_spare_ = false;
};

}  // namespace autopilot::stats
