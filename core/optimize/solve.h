#pragma once
// The one entrance: says what class a problem is of, picks the solver, and checks its answer.

#include <functional>
#include <string>

#include "core/optimize/certify.h"
#include "core/optimize/lp.h"

namespace autopilot::optimize {

inline constexpr std::string_view kSolvers[] = {"waterfill", "lp",     "tangents",
                                                "mip",       "branch", "qp"};

struct SolveOptions {
  std::string solver;  // one of kSolvers; empty: by class
  double seconds = 60;
  double gap = 1e-9;
  LpSolver lp;                 // REQUIRED where the class needs one
  std::function<bool()> stop;  // asked now and then; empty: never
};

struct Solution {
  Allocation allocation;
  Certificate certificate;
  std::string problem_class;  // "concave, nested groups"
  bool is_whole = true;       // false: in_whole_units() found no whole amounts
};

std::string class_of(const Problem& problem);
// Which of kSolvers answers it.
std::string_view solver_for(const Problem& problem);
// Throws Error(invalid) when a forced solver cannot do it, or on input that is no number.
Solution solve(const Problem& problem, const SolveOptions& options);

// The same with amounts that are whole multiples of `unit`: the best ones under nested groups,
// those of a program of the units around it otherwise. As it is, and not `is_whole`, where there
// are none or there are more channels than such a program can have.
Solution in_whole_units(const Problem& problem, Solution solution, double unit,
                        const SolveOptions& options = {});

// "" or what is not a number or contradicts itself in the problem, by the channel's or group's
// name.
std::string fault_of(const Problem& problem);

}  // namespace autopilot::optimize
