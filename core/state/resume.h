#pragma once
// A decision that waited and was approved, taken anew.

#include <string>
#include <string_view>

#include "core/decide/recorder.h"
#include "core/state/approvals.h"

namespace autopilot::state {

// Decides the pending decision of that line again and uses its approval up, both or neither.
// Returns the new line. Throws Error(approval) when it is not approved; refusals are audited.
std::string resume_decision(Approvals& approvals, decide::Recorder& recorder, std::string_view line,
                            const Who& who);

}  // namespace autopilot::state
