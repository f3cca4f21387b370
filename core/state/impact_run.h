#pragma once
// Tries policies on the recorded decisions of a state.

#include <memory>
#include <string>
#include <vector>

#include "core/base/world.h"
#include "core/decide/archive.h"
#include "core/decide/impact.h"
#include "core/state/plan.h"
#include "core/state/store.h"

namespace autopilot::state {

// The documents that are applied once the plan is.
std::vector<policy::Document> documents_after(const Plan& plan, Store& store, Instant now);

// `files` keeps columns of the decisions beside the state. Limits are counted from the first of the
// decisions on.
decide::Impact impact_on(Store& store, Files& files, decide::Range range,
                         const std::shared_ptr<const decide::CompiledSet>& set);
// The decisions of these ids, or beginnings of ids, in their order in time.
decide::Impact impact_on(Store& store, Files& files, const std::vector<std::string>& ids,
                         const std::shared_ptr<const decide::CompiledSet>& set);

}  // namespace autopilot::state
