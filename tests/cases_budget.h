#pragma once
// Allocation problems with proven optima (testdata/budget/README.md), one instance a file.

#include <string>

#include "core/base/value.h"
#include "core/optimize/problem.h"

namespace autopilot {

// The problem of an instance. Throws Error(invalid) on what it does not know.
optimize::Problem problem_of_instance(const Value& instance);

// Whether the answer is the instance's: status, objective, feasibility, the total's price. Else
// `why` not.
bool budget_case_holds(const Value& instance, std::string& why);

}  // namespace autopilot
