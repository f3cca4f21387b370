#pragma once
// Looks a state file over: its pages, its schema, and whether everything in it still means what it
// says. Changes nothing.

#include <string>
#include <vector>

#include "core/state/store.h"

namespace autopilot::state {

struct CheckResult {
  std::string name;                   // "pages", "schema", "contents", …
  std::string about;                  // what was looked at, in words
  std::vector<std::string> findings;  // empty: all is well; at most kMaxFindings
};

inline constexpr std::size_t kMaxFindings = 10;

// `quick` leaves out the indexes. Damage is a finding, not an error.
std::vector<CheckResult> check_state(Store& store, bool quick);

}  // namespace autopilot::state
