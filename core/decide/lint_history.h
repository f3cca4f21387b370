#pragma once
// What recorded decisions say about policies: selectors that nothing ever matched, names that no
// input ever had. Looks at the newest decisions only, so that its cost does not grow with the
// state.

#include <cstdint>
#include <vector>

#include "core/base/sqlite.h"
#include "core/policy/lint.h"

namespace autopilot::decide {

inline constexpr std::int64_t kLookedAt = 2000;  // decisions
inline constexpr std::int64_t kEnough = 100;     // with fewer, nothing is said

struct HistoryResult {
  bool enough = false;  // some inputs were there to compare with
  std::vector<policy::Finding> findings;
};

// `names`: what lint() found.
HistoryResult lint_history(Database& database, const std::vector<policy::Policy>& policies,
                           const policy::NameUses& names);

}  // namespace autopilot::decide
