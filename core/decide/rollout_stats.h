#pragma once
// What became of the decisions that concern one policy, for the units that its rollout has in and
// for those that it has not: what rollback rules judge and `rollout status` shows.

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "core/base/value.h"
#include "core/decide/ledger.h"
#include "core/decide/record.h"

namespace autopilot::decide {

// Decisions of one group, counted by their results.
struct GroupCounts {
  std::int64_t total = 0;
  std::array<std::int64_t, 4> results{};  // by Result
  std::int64_t errors = 0;                // with an enforced rule that failed
  std::int64_t risk_micros = 0;           // sum of risks, each to a millionth
};

// What the policy itself did, in decisions; for a monitor policy, would have done.
struct PolicyCounts {
  std::int64_t modified = 0, pending = 0, blocked = 0, warned = 0, errors = 0;
};

struct RolloutCounts {
  GroupCounts inside, outside;
  PolicyCounts policy;

  void add(const RolloutCounts& other);
};

// The statistic that a condition calls `group`.`name` (core/policy/rollback.h); null for a share or
// mean of no decisions, and for a name that does not exist.
Value statistic(const RolloutCounts& counts, std::string_view group, std::string_view name);

// Tells for one policy which decisions concern it and on which side their unit is, by the very
// engine that decided: it asks a set of two monitor policies with the policy's scope, schedule and
// gates, one rolled out as the policy is and one to all. Not thread-safe.
class RolloutProbe {
 public:
  enum class Side { none, inside, outside };  // none: it would not apply at any share

  RolloutProbe(policy::Policy policy, policy::Project project);

  Side side(const Record& record);
  // Counts the decision. The reader read the record.
  Side count(const Record& record, RecordReader& reader, RolloutCounts& into);

 private:
  void count_acts(const std::vector<RecordedReason>& reasons, RolloutCounts& into) const;

  std::string id_;
  std::shared_ptr<const CompiledSet> set_;
  Engine engine_;
  Input input_;
  Outcome outcome_;
  MemoryLedger ledger_;  // nothing counts in it
};

}  // namespace autopilot::decide
