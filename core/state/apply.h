#pragma once
// Makes a plan true, in one transaction: all of its changes or none. Refuses, with a record in the
// audit, what the actor may not do, what the plan no longer fits, and what touches too much at
// once.

#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/base/world.h"
#include "core/state/approval_file.h"
#include "core/state/plan.h"
#include "core/state/store.h"

namespace autopilot::state {

struct ApplyOptions {
  std::string actor;
  std::string message;         // may be empty
  bool allow_large = false;    // past the blast radius too
  bool allow_lockout = false;  // even if nobody could undo it
  std::string identity = {};
  std::string root = {};  // the project's folder, below which allowed_signers stands
  std::vector<ApprovalFile> approvals = {};  // signed elsewhere
};

struct Applied {
  Revision revision;  // the newest one; that of before when the plan is empty
  std::string note;   // "the lock of … was over: …", or empty
  std::vector<std::string> approved_by = {};
};

// Throws Error locked, denied, stale, invalid (blast radius, protected), approval or storage;
// nothing is changed then. A plan that needs approval is applied and uses its approval up, or
// neither; the first time that it lacks approval, it is asked for (approvals.h). The message of a
// stale plan names each document, the version it was planned from, the present one, and who changed
// it when.
Applied apply(Store& store, const Plan& plan, const ApplyOptions& options, World& world);

// Appends the record of a refusal, in a transaction of its own. `why` is the error's message.
void record_refusal(Store& store, std::string_view operation, std::string_view why,
                    std::string_view actor, Instant time);

// Throws `refusal` after having recorded it as one of `operation`. Where that cannot be written it
// is refused all the same, and the message says so.
[[noreturn]] void refuse(Store& store, std::string_view operation, const Error& refusal,
                         std::string_view actor, Instant time);

// Whether an error is an answer to who asked, and not a fault of the machine.
bool is_refusal(const Error& error);

// `f()`; a refusal that it throws is recorded as one of `operation`.
template <class F>
auto recording_refusals(Store& store, std::string_view operation, std::string_view actor,
                        World& world, F f) {
  try {
    return f();
  } catch (const Error& error) {
    if (is_refusal(error)) record_refusal(store, operation, error.what(), actor, world.clock.now());
    throw;
  }
}

}  // namespace autopilot::state
