#pragma once
// Replays a range of recorded decisions on all cores, in bounded memory and short reads.

#include "core/decide/replay.h"
#include "core/state/store.h"

namespace autopilot::state {

decide::ReplaySummary replay_range(Store& store, decide::Range range);

}  // namespace autopilot::state
