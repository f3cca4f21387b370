#include "core/loop/pending.h"

#include <fmt/format.h>

#include "core/base/error.h"
#include "core/base/json_index.h"
#include "core/decide/archive.h"
#include "core/state/resume.h"
#include "core/state/waiting.h"

namespace autopilot::loop {

using state::Standing;

Agreements::Agreements(state::Store& store, World& world, std::string root, state::Who who)
    : store_(store), approvals_(store, world, std::move(root)), who_(std::move(who)) {}

std::string Agreements::recorded(const Pending& pending) {
  return decide::Archive(store_.database()).find(pending.decision);
}

Agreement Agreements::look(const Pending& pending) {
  std::optional<state::Waiting> waiting;
  try {
    waiting = state::request_of_decision(approvals_, recorded(pending));
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::invalid) throw;
    return {Agreement::Status::over, "the decision is not recorded any more"};
  }
  const Standing standing = approvals_.standing(*waiting);
  const std::string reason =
      waiting->stored.reason.empty() ? std::string() : ": " + waiting->stored.reason;
  switch (standing.status) {
    case Standing::Status::granted:
      return {Agreement::Status::granted, "approved"};
    case Standing::Status::consumed:
      return {Agreement::Status::granted, "approved, and decided anew"};
    case Standing::Status::rejected:
    case Standing::Status::revoked:
      return {Agreement::Status::over, fmt::format("{} by {}{}", state::to_string(standing.status),
                                                   waiting->stored.closed_by, reason)};
    case Standing::Status::expired:
      return {Agreement::Status::over, fmt::format("nobody approved it until {}",
                                                   format_rfc3339(waiting->request().expires))};
    case Standing::Status::open:
      break;
  }
  return {Agreement::Status::open,
          fmt::format("has {} of {}; autopilot approve {}", standing.counted,
                      state::to_text(standing.need), state::short_id(waiting->request().id))};
}

std::string Agreements::resume(const Pending& pending, decide::Recorder& recorder) {
  const std::string line = recorded(pending);
  const Standing::Status status =
      approvals_.standing(state::request_of_decision(approvals_, line)).status;
  if (status != Standing::Status::consumed) {
    return state::resume_decision(approvals_, recorder, line, who_) + "\n";
  }
  std::string action = pending.action;
  const std::size_t size = action.size();
  action.append(kPadding, ' ');
  std::string out;
  std::vector<decide::LineFault> faults;
  recorder.decide({{std::string_view(action).substr(0, size), 1}}, out, faults);
  if (!faults.empty()) throw Error(ErrorKind::bug, faults.front().message);
  return out;
}

}  // namespace autopilot::loop
