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

bool may(const std::string& role, policy::Role least) {
  const std::optional<policy::Role> own = policy::parse_role(role);
  return own && *own >= least;
}

std::vector<std::string> manual_checks(const std::vector<Stage>& stages) {
  std::vector<std::string> out;
  for (const Stage& s : stages) {
    if (s.kind == Stage::Kind::check && !s.check.manual.empty()) out.push_back(s.name);
  }
  return out;
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
  if (result.data.contains("ended_early")) return;
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
    if (effect.kind == "start" && r_.canary_health.is_unwell) {
      r_.doing = "zero";
      r_.retry_at.reset();
    }
    if (effect.kind == "hook") {
      hook_failed(effect, result.why);
      r_.doing = "ended";
    }
    return;
  }
  const Stage* at = stage();
  const std::string name = at == nullptr ? effect.kind : at->name;
  const bool is_gone = result.data.contains("has_ended") && r_.recovering == 0;
  if (effect.kind == "check" || effect.kind == "smoke" || effect.kind == "load" || is_gone ||
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

// ---- requests

void Stepping::take_requests() {
  for (const Request& request : seen_.requests) {
    if (request.id <= r_.last_request) continue;
    r_.last_request = request.id;
    Answer answered = answer(request);
    answered.request = request.id;
    out_.answers.push_back(std::move(answered));
  }
}

Answer Stepping::answer(const Request& request) {
  if (r_.is_over()) return {0, false, fmt::format("the rollout is over: {}", to_string(r_.phase))};
  const std::string because = request.reason.empty() ? "" : ": " + request.reason;
  if (request.kind == "abort" || request.kind == "rollback") {
    if (r_.phase == Phase::rolling_back) return {0, true, "it is going back already"};
    roll_back("actor",
              fmt::format("{} by {}{}", request.kind == "abort" ? "aborted" : "rolled back",
                          request.actor, because));
    return {0, true, "going back"};
  }
  if (r_.phase == Phase::rolling_back) return {0, false, "it is going back"};
  if (request.kind == "promote") return promote(request);
  if (request.kind == "pause") {
    std::optional<Instant> until;
    const Value* lasting = request.args.find("for");
    if (lasting != nullptr && lasting->is_string()) {
      const std::optional<Duration> d = parse_duration(lasting->as_string());
      if (d) until = now_ + *d;
    }
    const Value* maintenance = request.args.find("maintenance");
    pause(request.actor, request.reason, until,
          maintenance != nullptr && maintenance->is_bool() && maintenance->as_bool());
    return {0, true, "paused"};
  }
  if (request.kind == "resume") {
    const Stage* at = stage();
    if (!r_.paused && at != nullptr && at->kind == Stage::Kind::pause) {
      r_.confirmed.push_back({gate_key(at->name), request.actor});
      return {0, true, fmt::format("{} is over", at->name)};
    }
    if (!r_.paused) return {0, false, "it is not paused"};
    event("resumed", fmt::format("resumed/{}", request.id),
          fmt::format("resumed by {}{}", request.actor, because));
    r_.stage_since = r_.stage_since + (now_ - r_.paused->since);
    r_.paused.reset();
    forget_stretches();
    return {0, true, "resumed"};
  }
  return {0, false, fmt::format("nobody knows how to {}", request.kind)};
}

Answer Stepping::promote(const Request& request) {
  const Stage* at = stage();
  if (at == nullptr) return {0, false, "there is nothing to promote"};
  if (r_.paused) return {0, false, "it is paused; resume it first"};
  const Value* check = request.args.find("check");
  if (check != nullptr && check->is_string()) {
    for (std::size_t i = 0; i < s_.stages.size(); ++i) {
      const Stage& c = s_.stages[i];
      if (c.kind != Stage::Kind::check || c.name != check->as_string()) continue;
      if (c.check.manual.empty()) return {0, false, fmt::format("{} runs by itself", c.name)};
      if (!may(request.role, c.check.role))
        return {0, false, fmt::format("{} takes a higher role than {}", c.name, request.role)};
      r_.confirmed.push_back({fmt::format("{}/{}", i, c.name), request.actor});
      return {0, true, fmt::format("{} is confirmed", c.name)};
    }
    const std::string meant = did_you_mean(check->as_string(), manual_checks(s_.stages));
    return {0, false,
            fmt::format("there is no check {}{}", check->as_string(),
                        meant.empty() ? "" : ";" + meant)};
  }
  const Value* override_wanted = request.args.find("override");
  if (override_wanted != nullptr && *override_wanted == Value(true)) {
    if (r_.doing != "asked" || r_.asked.result != "blocked")
      return {0, false, "no policy blocks it: there is nothing to override"};
    r_.asked = {};
    r_.asked.override_by = request.actor;
    r_.asked.override_role = request.role;
    r_.asked.override_reason = request.reason;
    r_.doing.clear();
    return {0, true, "the weight is asked for again in your name"};
  }
  const Awaited waited = awaited(s_, r_);
  if (!waited.subject.empty()) {
    if (seen_.agreement && seen_.agreement->status == Agreement::Status::granted)
      return {0, true, fmt::format("{}: {}", at->name, seen_.agreement->why)};
    const std::string stands = seen_.agreement ? seen_.agreement->why : r_.waiting;
    return {0, !stands.empty(), fmt::format("{} takes approval: {}", at->name, stands)};
  }
  const bool is_manual = at->kind == Stage::Kind::check && !at->check.manual.empty();
  if (at->kind == Stage::Kind::gate || at->kind == Stage::Kind::pause || is_manual) {
    const policy::Role least = is_manual ? at->check.role : at->step.role;
    if (!may(request.role, least))
      return {0, false, fmt::format("{} takes a higher role than {}", at->name, request.role)};
    for (const Confirmation& c : r_.confirmed) {
      if (c.what == gate_key(at->name) && c.actor == request.actor)
        return {0, true, fmt::format("you opened {} already", at->name)};
    }
    r_.confirmed.push_back({gate_key(at->name), request.actor});
    event("gate_opened", fmt::format("gate_opened/{}/{}", r_.stage, request.actor),
          fmt::format("{} opened by {}", at->name, request.actor));
    return {0, true, fmt::format("{} is {}", at->name, is_manual ? "confirmed" : "open")};
  }
  if (at->kind == Stage::Kind::stop && r_.stuck_since) return leave_running(request);
  if (r_.doing != "watch") return {0, false, fmt::format("it is at {}", at->name)};
  if (!may(request.role, policy::Role::admin))
    return {0, false, "to cut a hold short takes the role admin"};
  event("skipped", fmt::format("skipped/{}", r_.stage),
        fmt::format("{} cut short by {} after {} of {}", at->name, request.actor,
                    format_duration({r_.held.nanos / 1'000'000'000 * 1'000'000'000}),
                    format_duration(at->hold)));
  r_.marks[std::to_string(r_.stage)] = "cut short by " + request.actor;
  next();
  return {0, true, "the next step"};
}

// The new version has all traffic, and the old one cannot be stopped: its machine may be gone.
Answer Stepping::leave_running(const Request& request) {
  if (!may(request.role, policy::Role::admin))
    return {0, false, "to leave the old version as it is takes the role admin"};
  event("left", fmt::format("left/{}", r_.stage),
        fmt::format("{} leaves the old version as it is: {}", request.actor,
                    r_.failing_since ? r_.failing_why : r_.waiting));
  r_.marks[std::to_string(r_.stage)] = "failed";
  r_.outstanding.reset();
  r_.retry_at.reset();
  r_.failing_since.reset();
  r_.failing_why.clear();
  next();
  return {0, true, "the old version is left as it is"};
}

// ---- pauses, failures, deadlines

void Stepping::pause(std::string by, std::string reason, std::optional<Instant> until,
                     bool maintenance) {
  if (r_.paused) {  // the newer one holds, from the same beginning
    r_.paused->by = std::move(by);
    r_.paused->reason = std::move(reason);
    r_.paused->until = until;
    r_.paused->maintenance = maintenance;
    return;
  }
  event("paused", fmt::format("paused/{}/{}", r_.stage, format_rfc3339(now_)),
        fmt::format("paused by {}{}", by, reason.empty() ? "" : ": " + reason));
  r_.paused = Paused{std::move(by), std::move(reason), now_, until, maintenance};
}

void Stepping::end_pause() {
  if (!r_.paused || !r_.paused->until || now_ < *r_.paused->until) return;
  r_.stage_since = r_.stage_since + (now_ - r_.paused->since);
  r_.paused.reset();
  forget_stretches();
}

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
    const bool late = r_.rollback_since &&
                      now_ - *r_.rollback_since >= s_.model.deadlines.rollback && r_.failing_since;
    if (late && !r_.stuck_since) {
      r_.stuck_since = now_;
      event("stuck", fmt::format("stuck/{}", r_.next_effect),
            fmt::format("the way back cannot be verified: {}", r_.failing_why));
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
