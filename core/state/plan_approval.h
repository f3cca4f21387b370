#pragma once
// Plans that need approval: how much, what is asked for, and how that stands.

#include <optional>
#include <string>

#include "core/state/approvals.h"
#include "core/state/plan.h"

namespace autopilot::state {

// Absent when the plan needs no approval. `author` is whoever would ask.
std::optional<Need> need_of(const Plan& plan, const policy::ApprovalSettings& settings,
                            const Who& author);

// What somebody approves who approves the plan: its digest is the plan's.
ApprovalSubject subject_of(const Plan& plan, const Who& author);

// What approval a plan needs and has: "needs 2 approvals by admin; nobody asked for it yet".
struct ApprovalNote {
  std::string text;
  Map data;
};
// `waiting` is null when nobody asked for it yet.
ApprovalNote approval_note(const Need& need, Approvals& approvals, const Waiting* waiting);

}  // namespace autopilot::state
