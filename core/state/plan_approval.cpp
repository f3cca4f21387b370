#include "core/state/plan_approval.h"

#include <fmt/format.h>

#include "core/state/approval_facts.h"
#include "core/state/plan_file.h"

namespace autopilot::state {

std::optional<Need> need_of(const Plan& plan, const policy::ApprovalSettings& settings,
                            const Who& author) {
  if (plan.empty() || !settings.plans) return std::nullopt;
  return plan_need(settings, facts_of(plan, author.actor));
}

ApprovalSubject subject_of(const Plan& plan, const Who& author) {
  return {RequestKind::plan, "", canonical_text(plan.changes), facts_of(plan, author.actor)};
}

ApprovalNote approval_note(const Need& need, Approvals& approvals, const Waiting* waiting) {
  ApprovalNote note;
  note.data = Map{{"needed", need.approvals},
                  {"role", policy::to_string(need.role)},
                  {"rule", need.rule},
                  {"why", need.why},
                  {"request", Value()},
                  {"status", "not-asked"},
                  {"has", 0}};
  note.text = fmt::format("needs {}", to_text(need));
  if (!need.why.empty()) note.text += fmt::format(" ({}: {})", need.rule, need.why);
  if (waiting == nullptr) {
    note.text += "; nobody asked for it yet";
    return note;
  }
  const Standing standing = approvals.standing(*waiting);
  note.data["request"] = waiting->request().id;
  note.data["status"] = to_string(standing.status);
  note.data["has"] = standing.counted;
  note.text += fmt::format("; the request {} is {} and has {}", short_id(waiting->request().id),
                           to_string(standing.status), standing.counted);
  return note;
}

}  // namespace autopilot::state
