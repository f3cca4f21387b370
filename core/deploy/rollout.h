#pragma once
// The record of one rollout: all that its machine (machine.h) knows. What it began with never
// changes, its own copy of the document included; the rest is written with every step. The windows
// of samples are the one part that is not written: they are made anew of the samples in the
// journal.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/time.h"
#include "core/base/value.h"
#include "core/deploy/routing.h"
#include "core/deploy/windows.h"

namespace autopilot::deploy {

// Something that changes the world. The intent is written before, the result after; doing it twice
// is as good as once.
struct Effect {
  std::int64_t id = 0;  // 1, 2, … within the rollout
  // decide resume_decision ask_approval use_approval before set_weight restore_weight start stop
  // check hook smoke load
  std::string kind;
  Map args;
};

struct RuleState {
  std::optional<Instant> since;   // the condition has held since then, without a gap
  std::optional<Instant> judged;  // the last sample that gave an answer
  int in_a_row = 0;
  std::string last;  // yes, no, no_data; empty: never judged
  std::string why;
  bool told = false;  // of on_fail: notify
};

struct AnalysisState {
  Value state;
  std::string verdict;  // empty: never judged
  std::string why;
  Value numbers;
  bool told = false;
};

struct Paused {
  std::string by, reason;  // an actor, or a rule
  Instant since;
  std::optional<Instant> until;  // it ends by itself
  bool maintenance = false;      // nothing is judged
};

struct Confirmation {
  std::string what;  // name of the gate or check, with its place
  std::string actor;
};

struct HealthState {
  int good = 0, bad = 0;  // in a row
  bool is_well = false, is_unwell = false;
  std::string why;
  std::optional<Instant> at;
};

// What is known of the wait for a decision.
struct Asked {
  std::string result;  // allowed modified blocked pending
  std::string decision, why;
  std::int64_t effect = 0;       // that asked
  std::optional<int> weight_bp;  // that the policies made of it, where the proxy can give it
  std::optional<Instant> again;
  std::string override_by, override_role, override_reason;
};

enum class Phase { forward, rolling_back, promoted, rolled_back };
std::string_view to_string(Phase phase);

struct Rollout {
  // What it began with.
  std::string id, deployment, environment;
  std::string version, previous;  // previous: what stable runs; empty: nothing
  std::string canary, stable;     // slots
  Value spec;
  bool is_first = false, is_direct = false, is_emergency = false;
  std::string actor, identity, reason;  // identity: what the machine says of the actor
  Instant created;

  // Where it is.
  Phase phase = Phase::forward;
  std::int64_t stage = 0;  // index into its stages; in rolling_back into those of the way back
  Instant stage_since;     // pauses and freezes aside
  std::string doing;       // what the stage is at: "" ask set watch stop
  std::string boot_id;
  std::int64_t recovering = 0;  // > 0: on the way back to its place after a reboot
  int weight_bp = 0;            // verified, as are the next two
  Match match;
  int mirror_bp = 0;
  bool stopped_old = false;
  std::optional<Effect> outstanding;
  std::int64_t next_effect = 1;
  std::optional<Instant> retry_at;       // after an effect that failed
  std::optional<Instant> failing_since;  // effects of the same kind
  std::string failing_why;
  std::int64_t last_request = 0;
  std::optional<Instant> finished;
  std::string cause, cause_kind;  // of a rollback: rule, analysis, health, deadline, check, actor …
  std::optional<Instant> rollback_since, zero_since;  // decided; verified
  std::optional<Instant> stuck_since;
  bool is_forced = false;  // back, whether the old version is well or not

  // What it has seen.
  Duration held;                       // credited to the present hold
  std::optional<Instant> credited_to;  // up to there
  Duration gap;                        // before the last sample, where it was too long to count
  std::optional<Instant> measured;     // the last observation
  std::optional<Instant> last_row;     // the newest sample that was judged, of any metric
  std::map<std::string, RuleState> rules;
  std::map<std::string, AnalysisState> analyses;
  std::vector<std::string> active;  // analyses that go on
  std::optional<Map> before;        // metric → number; absent: not measured yet
  HealthState canary_health, stable_health;
  std::optional<Paused> paused;
  std::vector<Confirmation> confirmed;
  Asked asked;
  std::string waiting;  // for what, in words; empty: for time to pass
  std::string at_gate;  // name of the gate or manual check that waits; empty: none
  Map cursors;          // of metrics, by metric and arm
  double exposure = 0;  // seconds × share of the canary
  std::int64_t served = 0, served_bad = 0;  // by the canary, of the first count metric
  std::int64_t copied = 0, copied_bad = 0;  // likewise, while all that it got were copies
  Map marks;                                // stage index → done, failed, skipped …: for people

  Windows windows;

  bool is_over() const { return phase == Phase::promoted || phase == Phase::rolled_back; }
  Routing routing() const { return {weight_bp, match, mirror_bp}; }
  bool serves_people() const { return weight_bp > 0 || !match.empty(); }
  bool has_traffic() const { return routing().gives_anything(); }
  // On the way back, before anything is taken from the canary.
  bool waits_for_old_version() const {
    return phase == Phase::rolling_back && (doing == "restart" || doing == "started");
  }
  bool is_going_back() const { return phase == Phase::rolling_back || phase == Phase::rolled_back; }
  // promoted rolled_back stuck paused gate preparing stepping rolling_back
  std::string state() const;
};

Value to_value(const Rollout& rollout);
Rollout rollout_from(const Value& value);  // throws Error(storage)

}  // namespace autopilot::deploy
