#pragma once
// The state machine of a rollout: what is known and what was seen make the next state and what must
// be done. Pure: the same rollout, observation and time give the same answer, and seeing the same
// again changes nothing.
//
// Invariants:
//  1. At most one effect is outstanding; a rollback drops whatever is.
//  2. weight_bp, match and mirror_bp are what a set_weight verified last; they get more only after
//  a
//     decision that allowed it (in a direct return to an older version: without), and less without
//     asking anybody.
//  3. A hold is credited with observed time only, gaps of more than three intervals left out.
//  4. Without data nothing passes; what a person promotes is recorded as that.
//  5. A phase that is over never changes, and begins only with a verified weight: all or nothing.
//  6. Each state has a deadline. What cannot be verified is stuck: retried, and never called done.

#include <optional>
#include <string>
#include <vector>

#include "core/deploy/strategy.h"

namespace autopilot::deploy {

struct EffectResult {
  std::int64_t id = 0;
  bool ok = false;
  std::string why;
  Map data;  // decide: result, decision, why; before: numbers by metric
};

struct HealthReading {
  Instant at;
  bool healthy = false;
  std::string why;
  bool has_ended = false;  // and nothing starts it again
};

// What people said so far of something that takes their approval.
struct Agreement {
  enum class Status { open, granted, refused };
  Status status = Status::open;
  std::string why;  // "1 of 2 approvals by admin", "rejected by bob: not today"
};

// What somebody asks of a rollout.
struct Request {
  std::int64_t id = 0;
  std::string kind;  // promote pause resume abort rollback
  std::string actor, role, reason;
  Map args;  // promote: check, override; pause: for, maintenance; abort: force
  Instant at;
};

struct Observation {
  std::string boot_id;
  std::optional<Instant> measured;  // when the work of an interval was done; absent: only requests
  std::vector<Sample> samples;
  std::optional<Map> cursors;  // after those samples
  std::vector<HealthReading> canary, stable;
  std::optional<std::int64_t> open_connections;  // of the slot that is to be stopped
  std::string drift;                             // the split is not as recorded: why
  bool split_holds = false;                      // it was looked at, and is
  std::optional<Agreement> agreement;            // on what awaited() names
  std::vector<EffectResult> results;
  std::vector<Request> requests;
};

// A row for whoever wants to know; `key` is unique for ever.
struct Event {
  std::string key, kind, text;
  Map data;
};

struct Answer {
  std::int64_t request = 0;
  bool ok = false;
  std::string text;
};

struct Stepped {
  Rollout rollout;
  std::vector<Effect> effects;  // to do, in this order
  std::vector<Event> events;
  std::vector<Answer> answers;
};

// What an effect that sets the traffic, or asks for it, says of it; what is not wanted is left out.
Map routing_args(const Routing& routing);
Routing routing_from(const Map& args);

Stepped step(Strategy& strategy, Rollout rollout, const Observation& seen, Instant now);

// What the rollout waits for people to approve; a subject of "" is nothing.
struct Awaited {
  bool is_decision = false;  // a pending decision; otherwise the gate of an approval step
  std::string subject;       // the decision's id, or the gate's name in the approvals
};
Awaited awaited(const Strategy& strategy, const Rollout& rollout);

// The slot that is being drained, whose connections an observation should count; "" for none.
std::string draining_slot(const Strategy& strategy, const Rollout& rollout);

}  // namespace autopilot::deploy
