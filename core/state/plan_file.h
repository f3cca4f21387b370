#pragma once
// The canonical text of changes: what a plan's digest covers and what its file holds.

#include <string>
#include <vector>

#include "core/state/plan.h"

namespace autopilot::state {

// Hex SHA-256 of {"changes": [{"action", "base", "content", "id", "kind"}…], "format"} in canonical
// JSON. REQUIRES the changes sorted by kind, id.
std::string digest_of(const std::vector<Change>& changes);

}  // namespace autopilot::state
