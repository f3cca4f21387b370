#pragma once
// Decisions and policies as graphs: what was looked at, what each rule saw, and what came of it.

#include <vector>

#include "core/base/value.h"
#include "core/decide/trace.h"
#include "core/policy/model.h"
#include "core/render/graph.h"
#include "core/render/report.h"

namespace autopilot::decide {

// The graph of one decision, from its line and its trace: action and inputs, then every policy with
// its gates, mutations, guards and limits, then the result. Values stand on the edges. `brief`
// leaves out policies that did not apply and rules that were not for this action.
render::Graph decision_graph(const Value& decision, const Trace& trace, bool brief);

// Which policies touch which algorithms and action types, in order of id.
render::Graph policies_graph(const std::vector<policy::Policy>& policies);
// The same as a table for people.
render::Table policies_table(const std::vector<policy::Policy>& policies);

}  // namespace autopilot::decide
