#pragma once
// Follows the decisions under one policy's rollout and judges its rollback rule at fixed points:
// the multiples of a tenth of `for` since 1970. The statistics of a point are those of the
// decisions dated within `for` before it (the point included, its far end not). The rule fires at
// the first point at which the condition has held at each one from `for` before it on, and before
// which a decision inside was taken in the last tenth: silence proves nothing. A point with too few
// decisions, or at which the condition fails, breaks that. So where it fires follows from the
// record alone, however often and whenever somebody looks; the clock only says which points are
// past.

#include <cstdint>
#include <map>
#include <optional>

#include "core/decide/rollback_rule.h"
#include "core/decide/rollout_stats.h"

namespace autopilot::decide {

// What is known of earlier points. Microseconds.
struct WatchPosition {
  std::optional<std::int64_t> judged;  // the last point looked at
  std::optional<std::int64_t> held_since;
};

struct WatchVerdict {
  WatchPosition position;                      // to go on from
  std::optional<std::int64_t> fired;           // the point at which the rule fired
  std::int64_t from = 0, to = 0;               // the window that follows, half-open at `from`
  RolloutCounts counts;                        // of the point where it fired, or of the last one
  std::optional<RollbackRule::Answer> answer;  // there; absent without a rule
  std::string why;
};

class RolloutWatch {
 public:
  // `position` must come from the same rule over the same decisions. A policy without a rule is
  // watched over the hour before `now` and no more.
  RolloutWatch(const policy::Policy& policy, const policy::Project& project, WatchPosition position,
               Instant now);

  // A decision taken while the policy was as it is; any order. One that is dated after it was
  // recorded does not count. Decisions dated before needs_from() need not come.
  void add(const Record& record, RecordReader& reader, std::int64_t seq);
  // Microseconds; INT64_MIN: all of them.
  std::int64_t needs_from() const;

  // As of `now`. More may be added afterwards, and judged again.
  WatchVerdict judge(Instant now);

  const RollbackRule* rule() const { return rule_ ? &*rule_ : nullptr; }
  // The last point that is past at `now`: whatever comes will be dated later.
  std::int64_t last_point(Instant now) const;

 private:
  RolloutCounts counts_at(std::int64_t point) const;
  void step(std::int64_t point, WatchVerdict& verdict);

  RolloutProbe probe_;
  std::optional<RollbackRule> rule_;
  std::int64_t step_;  // microseconds
  WatchPosition position_;
  std::map<std::int64_t, RolloutCounts> tenths_;  // by the point that each ends at
};

}  // namespace autopilot::decide
