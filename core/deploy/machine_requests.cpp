// What people ask of a rollout, and pauses.
#include <fmt/format.h>

#include <algorithm>

#include "core/base/text.h"
#include "core/base/units.h"
#include "core/deploy/stepping.h"

namespace autopilot::deploy {
namespace {

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
  if (request.kind == "abort" || request.kind == "rollback") return take_back(request);
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
          fmt::format("resumed by {}{}", request.actor,
                      request.reason.empty() ? "" : ": " + request.reason));
    r_.stage_since = r_.stage_since + (now_ - r_.paused->since);
    r_.paused.reset();
    forget_stretches();
    return {0, true, "resumed"};
  }
  return {0, false, fmt::format("nobody knows how to {}", request.kind)};
}

Answer Stepping::take_back(const Request& request) {
  const std::string because = request.reason.empty() ? "" : ": " + request.reason;
  const Value* force = request.args.find("force");
  const bool is_forced = force != nullptr && *force == Value(true) && !r_.zero_since;
  if (is_forced && !may(request.role, policy::Role::admin))
    return {0, false, "to take the traffic away whatever it goes to takes the role admin"};
  const bool is_new = r_.phase == Phase::forward;
  if (is_new)
    roll_back("actor",
              fmt::format("{} by {}{}", request.kind == "abort" ? "aborted" : "rolled back",
                          request.actor, because));
  if (!is_forced) return {0, true, is_new ? "going back" : "it is going back already"};
  if (!r_.is_forced)
    event("forced", "forced",
          fmt::format("{} takes the traffic away, whatever it goes to{}", request.actor, because));
  r_.is_forced = true;
  r_.retry_at.reset();
  return {0, true, "going back, whether the old version is well or not"};
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

}  // namespace autopilot::deploy
