#include "core/deploy/machine.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/text.h"
#include "core/base/units.h"
#include "core/deploy/stepping.h"

namespace autopilot::deploy {
namespace {

constexpr int kGoodInARow = 2, kBadInARow = 3;

int threshold(const Value& health, const char* name, int fallback) {
  const Value* v = health.get(name);
  return v != nullptr && v->kind() == Value::Kind::integer ? static_cast<int>(v->as_int())
                                                           : fallback;
}

}  // namespace

Map routing_args(const Routing& routing) {
  Map out{{"weight_bp", routing.weight_bp}};
  if (!routing.match.empty()) out.append("match", to_value(routing.match));
  if (routing.mirror_bp > 0) out.append("mirror_bp", routing.mirror_bp);
  return out;
}

Routing routing_from(const Map& args) {
  const Value* match = args.find("match");
  const Value* mirror = args.find("mirror_bp");
  return {static_cast<int>(args.find("weight_bp")->as_int()),
          match == nullptr ? Match{} : match_from(*match),
          mirror == nullptr ? 0 : static_cast<int>(mirror->as_int())};
}

Stepped step(Strategy& strategy, Rollout rollout, const Observation& seen, Instant now) {
  Stepped out;
  out.rollout = std::move(rollout);
  Stepping(strategy, out, seen, now).run();
  return out;
}

Awaited awaited(const Strategy& strategy, const Rollout& r) {
  if (r.phase != Phase::forward || r.recovering > 0 || r.paused ||
      r.stage >= static_cast<std::int64_t>(strategy.stages.size()))
    return {};
  if (r.doing == "asked" && r.asked.result == "pending") return {true, r.asked.decision};
  if (r.doing != "approval") return {};
  return {false, approval_gate(r, strategy.stages[static_cast<std::size_t>(r.stage)].name)};
}

std::string draining_slot(const Strategy& strategy, const Rollout& r) {
  if (r.phase == Phase::rolling_back) return r.doing == "drain" ? r.canary : "";
  const bool in_stop = r.phase == Phase::forward &&
                       r.stage < static_cast<std::int64_t>(strategy.stages.size()) &&
                       strategy.stages[static_cast<std::size_t>(r.stage)].kind == Stage::Kind::stop;
  return in_stop ? r.stable : "";
}

void Stepping::run() {
  if (r_.is_over()) {
    take_requests();
    return;
  }
  take_boot();
  take_results();
  take_health();
  take_samples();
  take_requests();
  end_pause();
  check_deadline();
  take_drift();
  while (advance()) {
  }
}

// What somebody else changed at the proxy is put back; meanwhile nothing was observed that counts.
void Stepping::take_drift() {
  // What could not be put back is back all the same: the next trouble is another one.
  if (seen_.split_holds && !r_.outstanding && r_.doing == "watch") {
    r_.failing_since.reset();
    r_.failing_why.clear();
  }
  if (seen_.drift.empty() || r_.outstanding || r_.phase != Phase::forward || r_.recovering > 0)
    return;
  // Told once, however often it is tried to put it back.
  if (!r_.failing_since) event("drift", fmt::format("drift/{}", r_.next_effect), seen_.drift);
  forget_stretches();
  emit("restore_weight", routing_args(r_.routing()));
}

// ---- effects

bool Stepping::emit(std::string kind, Map args) {
  r_.outstanding = Effect{r_.next_effect++, std::move(kind), std::move(args)};
  r_.retry_at.reset();
  out_.effects.push_back(*r_.outstanding);
  return false;
}

void Stepping::take_results() {
  for (const EffectResult& result : seen_.results) {
    if (!r_.outstanding || r_.outstanding->id != result.id) continue;  // of one that was dropped
    const Effect effect = *r_.outstanding;
    r_.outstanding.reset();
    if (!result.ok) {
      take_failure(effect, result);
      continue;
    }
    r_.failing_since.reset();
    r_.failing_why.clear();
    take_result(effect, result);
  }
}

void Stepping::take_result(const Effect& effect, const EffectResult& result) {
  if (effect.kind == "set_weight") {
    take_routing(effect);
  } else if (effect.kind == "decide" || effect.kind == "resume_decision") {
    take_decision(effect, result);
  } else if (effect.kind == "ask_approval") {
    r_.doing = "approval";
  } else if (effect.kind == "before") {
    r_.before = result.data;
    r_.doing.clear();
  } else if (effect.kind == "start") {
    r_.doing = "started";
  } else if (effect.kind != "restore_weight") {
    r_.doing = effect.kind == "hook" && r_.is_going_back() ? "ended" : "done";
  }
}

void Stepping::take_routing(const Effect& effect) {
  const Routing before = r_.routing(), now = routing_from(effect.args);
  r_.weight_bp = now.weight_bp;
  r_.match = now.match;
  r_.mirror_bp = now.mirror_bp;
  r_.doing = "set_done";
  if (to_text(before) == to_text(now)) return;
  Map data = routing_args(now);
  data.append("before_bp", before.weight_bp);
  event("weight", fmt::format("weight/{}", effect.id),
        fmt::format("{} has {}", r_.version, to_text(now)), std::move(data));
}

void Stepping::take_decision(const Effect& effect, const EffectResult& result) {
  const auto text = [&](const char* name) {
    const Value* v = result.data.find(name);
    return v != nullptr && v->is_string() ? v->as_string() : std::string();
  };
  r_.asked.result = text("result");
  r_.asked.decision = text("decision");
  r_.asked.why = text("why");
  if (effect.kind == "decide") r_.asked.effect = effect.id;
  r_.asked.weight_bp.reset();
  const Value* weight = result.data.find("weight_bp");
  if (weight != nullptr && weight->is_integer())
    r_.asked.weight_bp = static_cast<int>(weight->as_int());
  r_.doing = "asked";
}

void Stepping::take_failure(const Effect& effect, const EffectResult& result) {
  r_.failing_why = result.why;
  if (!r_.failing_since) r_.failing_since = now_;
  const bool tried_long = now_ - *r_.failing_since >= s_.model.deadlines.rollback;
  r_.retry_at = now_ + (r_.is_going_back() ? kRetryBack : s_.model.interval);
  if (r_.recovering == 1 && effect.kind == "set_weight") {
    r_.doing = "set_done";  // the proxy may need what is started next
    r_.retry_at.reset();
    return;
  }
  if (r_.phase != Phase::forward) {
    // Where neither is well, as when a machine of both is gone, nothing is gained by waiting for
    // the old version. A canary that is well serves until there is something to go back to.
    if (effect.kind == "start" && r_.recovering == 0 && !canary_keeps_serving())
      take_all_the_same(result.why);
    if (effect.kind == "hook") {
      hook_failed(effect, result.why);
      r_.doing = "ended";
    }
    return;
  }
  const Stage* at = stage();
  const std::string name = at == nullptr ? effect.kind : at->name;
  const bool is_asked = effect.kind == "check" || effect.kind == "smoke" || effect.kind == "load";
  const bool is_gone = result.data.contains("has_ended") && r_.recovering == 0;
  if (is_asked && in_maintenance()) {
    r_.doing.clear();  // it says nothing now: once more, later
  } else if (is_asked || is_gone ||
             (effect.kind == "hook" && at != nullptr && at->section == "prepare")) {
    roll_back(effect.kind, fmt::format("{} {}: {}", effect.kind, name, result.why));
  } else if (effect.kind == "hook") {
    hook_failed(effect, result.why);
    r_.marks[std::to_string(r_.stage)] = "failed";
    r_.doing = "done";
  } else if (effect.kind.ends_with("_weight") && tried_long && r_.recovering == 0) {
    roll_back("traffic", fmt::format("the weight could not be set: {}", result.why));
  }
}

// What is told afterwards changes nothing: it is told once, or it is told that it was not.
void Stepping::hook_failed(const Effect& effect, const std::string& why) {
  const std::string& name = effect.args.find("name")->as_string();
  event("hook_failed", fmt::format("hook_failed/{}", name),
        fmt::format("hook {} failed: {}", name, why));
  r_.retry_at.reset();
  r_.failing_since.reset();
  r_.failing_why.clear();
}

// ---- health

void Stepping::count_health(HealthState& state, const std::vector<HealthReading>& readings) const {
  for (const HealthReading& reading : readings) {
    if (state.at && reading.at <= *state.at && reading.at + s_.longest_gap() > *state.at) continue;
    state.at = reading.at;
    state.good = reading.healthy ? state.good + 1 : 0;
    state.bad = reading.healthy ? 0 : state.bad + 1;
    state.why = reading.why;
    if (state.good >= threshold(s_.model.health, "healthy", kGoodInARow)) {
      state.is_well = true;
      state.is_unwell = false;
    }
    if (reading.has_ended || state.bad >= threshold(s_.model.health, "unhealthy", kBadInARow)) {
      state.is_well = false;
      state.is_unwell = true;
    }
  }
}

void Stepping::take_health() {
  const bool was_well = r_.canary_health.is_well;
  count_health(r_.canary_health, seen_.canary);
  count_health(r_.stable_health, seen_.stable);
  if (r_.phase != Phase::forward || r_.recovering > 0 || in_maintenance()) return;
  // A canary that was well before, or that is gone; one that is not well yet has its deadline.
  const bool is_gone =
      r_.doing == "started" && !seen_.canary.empty() && seen_.canary.back().has_ended;
  if (r_.canary_health.is_unwell && (was_well || r_.has_traffic() || is_gone))
    roll_back("health", fmt::format("the canary is not well: {}", r_.canary_health.why));
}

// ---- failures, deadlines

void Stepping::fail(OnFail on_fail, const std::string& kind, const std::string& name,
                    const std::string& why, bool& told) {
  if (r_.phase != Phase::forward) return;
  if (on_fail == OnFail::rollback) {
    roll_back(kind, fmt::format("{} {}: {}", kind, name, why));
  } else if (!told) {
    told = true;
    event("warning", fmt::format("warning/{}/{}/{}", kind, name, format_rfc3339(now_)),
          fmt::format("{} {}: {}{}", kind, name, why,
                      on_fail == OnFail::notify ? "; it goes on" : ""));
    if (on_fail == OnFail::pause) pause(fmt::format("{} {}", kind, name), why, std::nullopt, false);
  }
}

void Stepping::check_deadline() {
  if (r_.phase == Phase::rolling_back) {
    if (is_late_back() && r_.failing_since && !r_.stuck_since) {
      r_.stuck_since = now_;
      event("stuck", fmt::format("stuck/{}", r_.next_effect),
            fmt::format("the way back {}: {}",
                        r_.waits_for_old_version() ? "goes no further" : "cannot be verified",
                        r_.failing_why));
    }
    return;
  }
  const Stage* at = stage();
  if (at == nullptr) return;
  if (r_.paused) {
    const Duration most = s_.model.deadlines.gate;
    if (!r_.paused->until && now_ - r_.paused->since >= most)
      roll_back("deadline", fmt::format("paused for {}", format_duration(most)));
    return;
  }
  if (now_ - r_.stage_since < at->deadline || frozen() != nullptr) return;
  const std::string& why = r_.failing_since ? r_.failing_why : r_.waiting;
  const std::string late =
      fmt::format("{} took longer than {}{}", at->name, format_duration(at->deadline),
                  why.empty() ? "" : ": " + why);
  if (at->kind == Stage::Kind::stop) {
    if (!r_.stuck_since) {
      r_.stuck_since = now_;
      event("stuck", fmt::format("stuck/{}", r_.next_effect), late);
    }
    return;
  }
  const bool is_gate = at->kind == Stage::Kind::gate;
  if (is_gate && at->step.on_timeout == OnTimeout::go_on) {
    event("gate_timeout", fmt::format("gate_timeout/{}", r_.stage), late + "; it goes on");
    next();
  } else if (is_gate && at->step.on_timeout == OnTimeout::pause) {
    pause("deadline", late, std::nullopt, false);
  } else {
    roll_back("deadline", late);
  }
}

bool Stepping::advance() {
  if (r_.is_over() || r_.outstanding) return false;
  if (r_.retry_at && now_ < *r_.retry_at) return false;
  r_.retry_at.reset();
  if (r_.recovering > 0) return advance_recovery();
  return r_.phase == Phase::rolling_back ? advance_back() : advance_stage();
}

void Stepping::event(std::string kind, std::string key, std::string text, Map data) {
  out_.events.push_back(
      {fmt::format("{}/{}", r_.id, key), std::move(kind), std::move(text), std::move(data)});
}

}  // namespace autopilot::deploy
