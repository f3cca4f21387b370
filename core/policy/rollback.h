#pragma once
// What the condition of a policy's rollback may name: statistics of the decisions that concern the
// policy, of units that its rollout has in (`inside`) and not (`outside`), and of what the policy
// itself did (`policy`). Counts are int, shares and means double.

#include <span>
#include <string_view>

#include "core/base/time.h"
#include "core/expr/check.h"

namespace autopilot::policy {

inline constexpr Duration kShortestRollback = Duration::seconds(1);
inline constexpr Duration kLongestRollback = Duration::seconds(30 * 86400);

struct Statistic {
  std::string_view name;
  bool is_count;
};
// Of inside and outside: total, allowed, …, allowed_share, …, mean_risk.
std::span<const Statistic> group_statistics();
// Of policy: blocked, …; shares are of all decisions inside.
std::span<const Statistic> policy_statistics();

expr::Environment statistics_environment();

// Whether a condition reads a group's statistics: `group` is inside, outside or policy. False for a
// source with faults.
bool names_group(std::string_view source, std::string_view group);

}  // namespace autopilot::policy
