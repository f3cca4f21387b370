#pragma once
// Other solvers of the same budgets, each in a process of its own that is cut after kMostSeconds:
// HiGHS and SLSQP within scipy, the `clp` executable. Those that are not installed are left out.

#include <optional>
#include <string>

#include "core/optimize/problem.h"

namespace autopilot::bench {

inline constexpr int kMostSeconds = 30;

struct PeerAnswer {
  std::string name;    // with what cut it short
  double seconds = 0;  // CPU, of solving alone
  double objective = 0;
  bool is_cut = false;  // there is no objective
};

class Peers {
 public:
  // Where problems are written to, and where scipy_peer.py is.
  Peers(std::string folder, std::string script);

  // REQUIRES what each can do: `highs` straight returns, `clp` those and risk, `slsqp` anything
  // smooth; one total and bounds.
  std::optional<PeerAnswer> highs(const optimize::Problem& problem) const;
  std::optional<PeerAnswer> slsqp(const optimize::Problem& problem) const;
  std::optional<PeerAnswer> clp(const optimize::Problem& problem) const;

 private:
  std::optional<PeerAnswer> scipy(const std::string& method, const std::string& name,
                                  const optimize::Problem& problem) const;

  std::string folder_, script_;
  std::string python_;  // that has scipy; empty: none
  bool has_clp_ = false;
};

}  // namespace autopilot::bench
