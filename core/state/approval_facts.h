#pragma once
// What is known of a plan or a waiting decision when it is judged whether it needs approval, and
// how much: the facts of core/policy/approvals.h.

#include <string_view>

#include "core/base/value.h"
#include "core/state/plan.h"

namespace autopilot::state {

// How much one change can do harm, from 0 to 2: 0.1 for any; 0.5 when it loosens, else 0.2 when it
// may; 0.3 each for a removal, a protected document and one of authority dg_ai; 0.5 when it changes
// who may do or approve what.
double risk_of(const Change& change);

// Whether it changes who may do or approve what: an Access document, or `approvals` of the Project.
bool changes_governance(const Change& change);

Map facts_of(const Plan& plan, std::string_view author);

}  // namespace autopilot::state
