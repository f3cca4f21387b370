// The way back, and what follows a reboot. Neither asks anybody.
#include <fmt/format.h>

#include <algorithm>

#include "core/deploy/stepping.h"

namespace autopilot::deploy {

void Stepping::roll_back(std::string kind, std::string cause) {
  if (r_.phase != Phase::forward) return;
  r_.marks[std::to_string(r_.stage)] = "failed";
  cut_off();
  r_.phase = Phase::rolling_back;
  r_.cause_kind = std::move(kind);
  r_.cause = std::move(cause);
  r_.rollback_since = now_;
  r_.outstanding.reset();
  r_.retry_at.reset();
  r_.failing_since.reset();
  r_.paused.reset();
  r_.at_gate.clear();
  r_.waiting.clear();
  r_.stuck_since.reset();
  r_.doing.clear();
  event("rolling_back", "rolling_back", fmt::format("{} goes back: {}", r_.version, r_.cause));
}

// What a step was doing is done no more, and not again: it is told, for what it did may be half of
// what it should.
void Stepping::cut_off() {
  if (!r_.outstanding) return;
  const Stage* at = stage();
  const std::string& kind = r_.outstanding->kind;
  if (at == nullptr || !(kind == "check" || kind == "hook" || kind == "smoke" || kind == "load"))
    return;
  event("cut_off", fmt::format("cut_off/{}", r_.outstanding->id),
        fmt::format("{} was cut off", task_name(kind, at->name)));
}

bool Stepping::is_late_back() const {
  return r_.rollback_since && now_ - *r_.rollback_since >= s_.model.deadlines.rollback;
}

// Whether people are better off with the canary than with an old version that is not well. Health
// alone says so: who fails three checks in a row answers nobody, as far as anyone can tell, and
// whatever else the canary was found to do wrong, it answers. Unless somebody says otherwise.
bool Stepping::canary_keeps_serving() const {
  return r_.serves_people() && !r_.canary_health.is_unwell && !r_.is_forced;
}

bool Stepping::advance_back() {
  // An old version that was stopped, or that fell over, gets no traffic before it runs again.
  if (r_.doing.empty()) {
    const bool gone = r_.stopped_old || r_.stable_health.is_unwell;
    r_.doing = gone && !r_.is_first ? "restart" : "zero";
  }
  if (r_.doing == "restart") {
    // Counted anew from here on; what was wrong is still told meanwhile.
    HealthState unknown;
    unknown.why = r_.stable_health.why;
    unknown.at = r_.stable_health.at;
    r_.stable_health = unknown;
    return emit("start", Map{{"slot", r_.stable}, {"version", r_.previous}});
  }
  if (r_.doing == "started" && !is_old_version_ready()) return false;
  if (r_.doing == "zero") return emit("set_weight", Map{{"weight_bp", 0}});
  if (r_.doing == "set_done") {
    r_.zero_since = now_;
    r_.stuck_since.reset();
    r_.stage_since = now_;
    r_.doing = canary_was_started() ? "drain" : "ended";
  }
  if (r_.doing == "drain") {
    if (!is_drained()) return false;
    r_.waiting.clear();
    r_.doing = "stop";
  }
  if (r_.doing == "stop") return emit("stop", Map{{"slot", r_.canary}});
  if (r_.doing == "done") {
    if (!s_.model.hook_rolled_back.empty()) {
      List argv;
      for (const std::string& word : s_.model.hook_rolled_back) argv.push_back(word);
      r_.waiting = "for hook rolled_back to end";
      return emit("hook", Map{{"name", "rolled_back"}, {"argv", std::move(argv)}});
    }
    r_.doing = "ended";
  }
  if (r_.doing == "ended") return finish(Phase::rolled_back);
  return false;
}

// It runs. Whether everybody goes to it now.
bool Stepping::is_old_version_ready() {
  const HealthState& health = r_.stable_health;
  if (health.is_well) {
    r_.doing = "zero";
    return true;
  }
  const std::string why = health.why.empty() ? "it was not seen to be well yet" : health.why;
  const bool is_hopeless = health.is_unwell || is_late_back() || !r_.serves_people();
  if (!canary_keeps_serving() && (is_hopeless || r_.is_forced)) {
    take_all_the_same(why);
    return true;
  }
  if (is_late_back()) {
    if (!r_.failing_since) r_.failing_since = now_;
    r_.failing_why =
        fmt::format("{} is not well ({}), so {} keeps what it has", r_.previous, why, r_.version);
  }
  if (health.is_unwell) {  // it may have fallen over again
    r_.doing = "restart";
    r_.retry_at = now_ + kRetryBack;
  }
  return wait("for the old version to be well");
}

void Stepping::take_all_the_same(const std::string& why) {
  r_.doing = "zero";
  r_.retry_at.reset();
  event("warning", "warning/old version",
        fmt::format("{} is not well, and all traffic is its own now: {}", r_.previous, why));
}

bool Stepping::canary_was_started() const {
  for (std::size_t i = 0; i < s_.stages.size(); ++i) {
    if (s_.stages[i].kind == Stage::Kind::start) return r_.stage >= static_cast<std::int64_t>(i);
  }
  return false;
}

// ---- reboot: no traffic to the canary first, then the old version, then the canary

void Stepping::take_boot() {
  if (seen_.boot_id.empty() || seen_.boot_id == r_.boot_id) return;
  const bool is_new = r_.boot_id.empty();
  r_.boot_id = seen_.boot_id;
  if (is_new) return;
  event("rebooted", fmt::format("rebooted/{}", r_.boot_id), "the machine was restarted");
  r_.outstanding.reset();
  r_.retry_at.reset();
  r_.failing_since.reset();
  r_.canary_health = {};
  r_.stable_health = {};
  r_.held = {};
  r_.asked = {};
  r_.at_gate.clear();
  forget_stretches();
  if (r_.phase == Phase::forward && !canary_was_started()) return;
  r_.recovering = 1;
  r_.doing.clear();
}

bool Stepping::advance_recovery() {
  r_.waiting = "picking up after a restart of the machine";
  switch (r_.recovering) {
    case 1:  // as far as it goes: the proxy may not be there yet
      if (r_.doing != "set_done") return emit("set_weight", Map{{"weight_bp", 0}});
      break;
    case 2:
      if (r_.is_first || r_.stopped_old) break;
      if (r_.doing != "started")
        return emit("start", Map{{"slot", r_.stable}, {"version", r_.previous}});
      if (!r_.stable_health.is_well && now_ - r_.stage_since < s_.model.deadlines.prepare)
        return false;
      break;
    case 3:
      if (r_.doing != "set_done") return emit("set_weight", Map{{"weight_bp", 0}});
      break;
    case 4:
      if (r_.phase == Phase::rolling_back) break;
      if (r_.doing != "started")
        return emit("start", Map{{"slot", r_.canary}, {"version", r_.version}});
      if (!r_.canary_health.is_well) {
        if (now_ - r_.stage_since >= s_.model.deadlines.prepare) {
          r_.recovering = 0;
          roll_back("deadline", "the canary did not come back after a restart of the machine");
        }
        return false;
      }
      break;
    default:
      end_recovery();
      return true;
  }
  ++r_.recovering;
  r_.doing.clear();
  r_.stage_since = now_;
  return true;
}

void Stepping::end_recovery() {
  r_.recovering = 0;
  r_.doing.clear();
  r_.waiting.clear();
  r_.stage_since = now_;
  if (r_.phase != Phase::forward) return;
  r_.stage = last_weight_stage();
}

// The stage that last said what traffic the canary gets; the present one when there is none.
std::int64_t Stepping::last_weight_stage() const {
  for (std::int64_t i = std::min(r_.stage, static_cast<std::int64_t>(s_.stages.size()) - 1); i >= 0;
       --i) {
    const Stage& at = s_.stages[static_cast<std::size_t>(i)];
    if (at.is_routing() && at.skipped.empty()) return i;
  }
  return r_.stage;
}

}  // namespace autopilot::deploy
