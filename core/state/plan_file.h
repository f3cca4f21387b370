#pragma once
// The canonical text of changes: what a plan's digest covers and what its file holds.

#include <string>
#include <vector>

#include "core/state/plan.h"

namespace autopilot::state {

// Canonical JSON of the changes, without their digest.
std::string canonical_text(const std::vector<Change>& changes);

// Hex SHA-256 of canonical_text: {"changes": [{"action", "base", "content", "id", "kind"}…],
// "format"}. REQUIRES the changes sorted by kind, id.
std::string digest_of(const std::vector<Change>& changes);

}  // namespace autopilot::state
