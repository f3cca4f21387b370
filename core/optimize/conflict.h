#pragma once
// Why nothing fits: a set of limits that conflict, none of which could be left out, and how far
// each would have to give. QuickXplain (Junker, AAAI 2004): few questions even where there are many
// limits and few of them conflict. Pure.

#include <functional>
#include <string>
#include <vector>

#include "core/optimize/plan.h"

namespace autopilot::optimize {

// Whether anything fits the limits that are kept.
using Fits = std::function<bool(const Problem& problem)>;

struct Repair {
  std::size_t constraint = 0;  // of the plan
  double value = 0;            // with which, alone changed, everything fits
  double change = 0;           // of it, as an amount that compares with others; always > 0
};

struct Conflict {
  std::vector<std::size_t> constraints;  // of the plan, rising; each is needed
  std::vector<Repair> repairs;           // cheapest first; empty: no one of them is enough
};

// REQUIRES that not all limits fit together.
Conflict find_conflict(const Plan& plan, const Fits& fits);

// Whether nested groups, boxes and the total leave room: no solver is asked. Null: it takes one.
std::optional<bool> fits_plainly(const Problem& problem);

}  // namespace autopilot::optimize
