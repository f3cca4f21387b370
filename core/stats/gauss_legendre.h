#pragma once
// Gauss-Legendre quadrature on [-1, 1] with 16 nodes, and the integrals of the polynomial through
// the nodes' values from each node to 1.

#include <array>
#include <cstddef>

namespace autopilot::stats {

struct GaussLegendre {
  static constexpr std::size_t kNodes = 16;

  std::array<double, kNodes> node{}, weight{};
  // The integral from node k to 1 is the sum over i of to_right[i][k] f(node i).
  std::array<std::array<double, kNodes>, kNodes> to_right{};
};

const GaussLegendre& gauss_legendre();

}  // namespace autopilot::stats
