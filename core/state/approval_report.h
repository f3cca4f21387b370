#pragma once
// Requests for approval as reports.

#include <vector>

#include "core/render/report.h"
#include "core/state/approvals.h"

namespace autopilot::state {

render::Report describe_requests(Approvals& approvals, const std::vector<Waiting>& all);

// One request with everything that somebody who approves should see: who asks, how much it takes,
// what was said so far, the very content, and the bytes that `actor` would sign.
render::Report describe_request(Approvals& approvals, const Waiting& waiting, const Who& who);

// What became of a request after somebody said something: "approved 3f2a…: 1 of 2 approvals by
// admin".
render::Report describe_verdict(Approvals& approvals, const Waiting& waiting,
                                const std::string& done);

}  // namespace autopilot::state
