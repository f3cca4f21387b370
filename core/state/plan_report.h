#pragma once
// A plan as a Report (text and JSON) and as bounded Markdown for a pull request.

#include <cstddef>
#include <string>

#include "core/decide/impact.h"
#include "core/render/report.h"
#include "core/state/plan.h"

namespace autopilot::state {

// `brief`: one line per document. `impact` (may be null): what the plan would have made of recorded
// decisions.
render::Report describe(const Plan& plan, bool brief, const decide::Impact* impact = nullptr);

// At most about `max_bytes` (0: as long as it is): documents, and groups of decisions, are left out
// from the middle; the totals stay.
std::string plan_markdown(const Plan& plan, bool brief, std::size_t max_bytes,
                          const decide::Impact* impact = nullptr);

}  // namespace autopilot::state
