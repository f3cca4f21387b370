#pragma once
// What an answer means for whoever has to defend it: why each channel gets what it gets, what holds
// the plan back and what a bit more room would earn, found by solving again and not from prices
// alone, and the efficient frontier. Pure.

#include <string>
#include <vector>

#include "core/optimize/frontier.h"
#include "core/optimize/plan.h"
#include "core/optimize/solve.h"

namespace autopilot::optimize {

// How many times the total the range of its price is looked for.
inline constexpr double kRangeReach = 4;

struct ChannelLine {
  double now = 0, plan = 0;
  double return_now = 0, return_plan = 0;
  double marginal = 0;  // return of the next unit of money
  double worth = 0;     // what a unit more of room would earn; 0 where it is free
  std::string why;
};

struct Binding {
  std::size_t constraint = 0;  // of the plan
  double price = 0;            // objective for a unit of the limit
  double step = 0;             // by which it was changed, and
  double gain = 0;             // what that did to the objective, solved again
  bool solved = false;         // whether it was
};

struct Explanation {
  std::vector<ChannelLine> channels;
  std::vector<Binding> bindings;  // greatest first
  std::vector<FrontierPoint> frontier;
  double price_low = 0, price_high = 0;  // totals between which the total's price comes from the
                                         // same channels; both 0 when not known
};

struct ExplainOptions {
  std::size_t bindings = 12;  // that are solved again
  std::vector<double> sweep;  // totals, of the plan's
};

Explanation explain(const Plan& plan, const Problem& problem, const Solution& solution,
                    const Solver& solver, const ExplainOptions& options);

}  // namespace autopilot::optimize
