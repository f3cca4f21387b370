#pragma once
// The exit codes, a contract that never changes meaning (docs/exit-codes.md).

#include "core/base/error.h"

namespace autopilot::cli {

enum class Exit {
  ok = 0,  // done; no changes; allowed
  no = 1,  // the answer is no: invalid input, blocked, replay differs
  usage = 2,
  changes = 3,   // changes are pending
  approval = 4,  // approval is needed
  stale = 5,     // the plan is stale
  locked = 6,    // locked by another process
  denied = 7,    // permission denied
  outside = 8,   // an outside service failed, or the thing could not be measured
  storage = 9,   // the state or a file cannot be read or written
  bug = 70,
  interrupted = 130,
};

Exit exit_of(ErrorKind kind);

}  // namespace autopilot::cli
