#include "core/state/resume.h"

#include "core/state/apply.h"
#include "core/state/waiting.h"

namespace autopilot::state {

std::string resume_decision(Approvals& approvals, decide::Recorder& recorder, std::string_view line,
                            const Who& who) {
  const auto decide_anew = [&] {
    const Waiting waiting = request_of_decision(approvals, line);
    return recorder.resume(line, [&](const std::string& id) {
      decide::Resumption resumption = resumption_of(waiting.request());
      resumption.by = approvals.consume(waiting, Map{{"decision", id}}, who).by;
      return resumption;
    });
  };
  return recording_refusals(approvals.store(), "decide --resume", who.actor, approvals.world(),
                            decide_anew);
}

}  // namespace autopilot::state
