#pragma once
// What waits for approval, as people ask for it: stored requests, and those of pending decisions,
// which follow from the decisions so that taking one costs nothing more.

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/decide/outcome.h"
#include "core/state/approvals.h"

namespace autopilot::state {

// The request of a pending decision, from its line: the stored one, or the one that follows from
// the decision and from who is known to have asked. Throws Error(invalid) when the decision does
// not wait.
Waiting request_of_decision(Approvals& approvals, std::string_view line);

// The newest first, at most `limit`. `all`: also what is closed or expired.
std::vector<Waiting> waiting_requests(Approvals& approvals, bool all, std::int64_t limit);

// The request whose id, digest or decision is `text` or begins with it; an open one when several of
// one digest do. Throws Error(invalid) when there is none, or when it is not clear which.
Waiting find_request(Approvals& approvals, std::string_view text);

// What a decision's approval covers, for deciding it anew.
decide::Resumption resumption_of(const Request& request);

}  // namespace autopilot::state
