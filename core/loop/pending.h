#pragma once
// Changes that a policy holds back until people approve them. While one waits its arm is not put to
// the policies again; approved, it is decided anew once, in the step that acts on it.

#include <cstdint>
#include <string>
#include <vector>

#include "core/decide/recorder.h"
#include "core/loop/shares.h"
#include "core/loop/step_body.h"
#include "core/state/approvals.h"

namespace autopilot::loop {

// How it stands.
struct Agreement {
  enum class Status { open, granted, over };
  Status status = Status::open;
  std::string why;  // "0 of 1 approval by operator; autopilot approve 3f2a…"
};

class Agreements {
 public:
  // `root`: see state::Approvals.
  Agreements(state::Store& store, World& world, std::string root, state::Who who);

  Agreement look(const Pending& pending);
  // The decision line that answers it now. Where somebody used the approval already — an earlier
  // try of ours, or a person — the recorded answer. REQUIRES that it is granted.
  std::string resume(const Pending& pending, decide::Recorder& recorder);
  // The line as it was recorded: what would be approved.
  std::string recorded(const Pending& pending);

 private:
  state::Standing standing(const Pending& pending, std::string& id);

  state::Store& store_;
  state::Approvals approvals_;
  state::Who who_;
};

}  // namespace autopilot::loop
