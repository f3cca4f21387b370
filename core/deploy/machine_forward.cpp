// The way forward, stage by stage. Each function returns whether something moved.
#include <fmt/format.h>

#include <algorithm>

#include "core/base/units.h"
#include "core/deploy/stepping.h"
#include "core/deploy/traffic.h"

namespace autopilot::deploy {

bool Stepping::wait(std::string why) {
  r_.waiting = std::move(why);
  return false;
}

bool Stepping::next() {
  const std::string key = std::to_string(r_.stage);
  if (!r_.marks.contains(key)) r_.marks[key] = "done";
  ++r_.stage;
  r_.stage_since = now_;
  r_.doing.clear();
  r_.waiting.clear();
  r_.at_gate.clear();
  r_.held = {};
  r_.asked = {};
  r_.stuck_since.reset();
  return true;
}

std::string approval_gate(const Rollout& r, const std::string& name) {
  return fmt::format("{}/{}/{}", r.id, r.stage, name);
}

std::string Stepping::gate_key(const std::string& name) const {
  return fmt::format("{}/{}", r_.stage, name);
}

const WindowModel* Stepping::frozen() const {
  if (r_.is_emergency || r_.is_direct) return nullptr;
  for (const WindowModel& w : s_.model.freeze) {
    if (w.holds(now_)) return &w;
  }
  for (const WindowModel& w : s_.model.maintenance) {
    if (w.holds(now_)) return &w;
  }
  return nullptr;
}

bool Stepping::advance_stage() {
  const Stage* at = stage();
  if (at == nullptr) return finish(Phase::promoted);
  if (!at->skipped.empty()) {
    r_.marks[std::to_string(r_.stage)] = "skipped: " + at->skipped;
    return next();
  }
  if (r_.paused) return wait("paused");
  switch (at->kind) {
    case Stage::Kind::check:
      return at->check.manual.empty()
                 ? one_effect(*at, "check", Map{{"name", at->name}, {"stage", r_.stage}})
                 : gate_stage(*at, at->name);
    case Stage::Kind::hook: {
      List argv;
      for (const std::string& word : at->argv) argv.push_back(word);
      return one_effect(*at, "hook", Map{{"name", at->name}, {"argv", std::move(argv)}});
    }
    case Stage::Kind::start:
      if (r_.doing.empty()) return emit("start", Map{{"slot", r_.canary}, {"version", r_.version}});
      if (r_.canary_health.is_well) return next();
      return wait(r_.canary_health.why.empty() ? "for the canary to be well"
                                               : "the canary is not well: " + r_.canary_health.why);
    case Stage::Kind::weight:
    case Stage::Kind::match:
    case Stage::Kind::mirror:
    case Stage::Kind::end:
      return routing_stage(*at);
    case Stage::Kind::hold:
      if (r_.doing.empty()) begin_watch(*at);
      return watch(*at);
    case Stage::Kind::pause:
      if (at->step.pause && now_ - r_.stage_since >= *at->step.pause) return next();
      if (at->step.pause) return wait("for the pause to end");
      return gate_stage(*at, at->name);
    case Stage::Kind::gate:
      return at->step.approvals > 0 ? approval_stage(*at) : gate_stage(*at, at->name);
    case Stage::Kind::smoke:
      return one_effect(*at, "smoke", Map{{"file", at->step.smoke}});
    case Stage::Kind::load:
      return one_effect(*at, "load", Map{{"load", at->step.load}});
    case Stage::Kind::stop:
      return stop_stage();
  }
  return false;
}

std::string task_name(const std::string& kind, const std::string& name) {
  return (name.starts_with(kind) ? "" : kind + " ") + name;
}

bool Stepping::one_effect(const Stage& at, std::string kind, Map args) {
  const std::string name = task_name(kind, at.name);
  if (r_.doing != "done") {
    r_.waiting = fmt::format("for {} to end", name);
    return emit(std::move(kind), std::move(args));
  }
  if (kind != "hook")
    event("passed", fmt::format("passed/{}", r_.stage), fmt::format("{} passed", name));
  return next();
}

// What somebody types for it to go on.
std::string Stepping::words_that_open(const Stage& at) const {
  std::string words = at.kind == Stage::Kind::pause ? "resume " : "promote ";
  words += r_.deployment;
  if (!r_.environment.empty()) words += " --env " + r_.environment;
  if (at.kind == Stage::Kind::check) words += " --check " + at.name;
  return "autopilot deploy " + words;
}

// Opened by whoever has its role, the author too; an approval takes others.
bool Stepping::gate_stage(const Stage& at, const std::string& name) {
  const bool is_open = std::any_of(r_.confirmed.begin(), r_.confirmed.end(),
                                   [&](const Confirmation& c) { return c.what == gate_key(name); });
  if (is_open) return next();
  if (r_.at_gate.empty()) {
    r_.at_gate = name;
    event("gate_waiting", fmt::format("gate_waiting/{}", r_.stage),
          fmt::format("{} waits{}: {}", name,
                      at.check.manual.empty() ? "" : " (" + at.check.manual + ")",
                      words_that_open(at)));
  }
  return wait(fmt::format("{}somebody must say: {}",
                          at.check.manual.empty() ? "" : at.check.manual + "? ",
                          words_that_open(at)));
}

bool Stepping::approval_stage(const Stage& at) {
  if (r_.doing == "done") return next();
  const Map args{{"name", at.name},
                 {"gate", approval_gate(r_, at.name)},
                 {"approvals", at.step.approvals},
                 {"role", policy::to_string(at.step.role)},
                 {"timeout_seconds", at.step.timeout.nanos / 1'000'000'000}};
  if (r_.doing.empty()) return emit("ask_approval", args);
  if (!wait_for_agreement(at.name, std::to_string(r_.stage))) return false;
  return r_.phase == Phase::forward ? emit("use_approval", args) : true;
}

// True when it was given, or refused and the rollout goes back.
bool Stepping::wait_for_agreement(const std::string& name, const std::string& key) {
  if (r_.at_gate.empty()) {
    r_.at_gate = name;
    event("gate_waiting", "gate_waiting/" + key,
          fmt::format("{} waits for approval by others than {}: {}", name, r_.actor,
                      words_that_open(*stage())));
  }
  if (!seen_.agreement) return false;  // not looked at: as it was
  const Agreement& agreement = *seen_.agreement;
  if (agreement.status == Agreement::Status::open) return wait(agreement.why);
  if (agreement.status == Agreement::Status::refused) {
    roll_back("approval", fmt::format("{}: {}", name, agreement.why));
    return true;
  }
  event("gate_opened", "gate_opened/" + key, fmt::format("{}: {}", name, agreement.why));
  r_.at_gate.clear();
  r_.waiting.clear();
  return true;
}

// People or copies that the canary does not have yet: the policies are asked.
bool Stepping::takes_more(const Stage& at) const {
  return at.weight_bp > r_.weight_bp || at.mirror_bp > r_.mirror_bp ||
         (!at.match.empty() && at.match != r_.match);
}

bool Stepping::routing_stage(const Stage& at) {
  if (r_.doing == "watch") return watch(at);
  if (r_.doing == "set_done" && r_.weight_bp < at.weight_bp) {
    // As far as the policies let it; the rest is asked for from there.
    r_.asked = {"modified", "", "as far as they let it go", 0, {}, now_ + kAskAgain, "", "", ""};
    r_.doing = "asked";
    return true;
  }
  if (r_.doing == "set_done") {
    begin_watch(at);
    return true;
  }
  if (r_.doing == "asked") return weight_asked(at);
  if (r_.doing == "set") return emit("set_weight", routing_args(at.routing()));
  if (const WindowModel* window = frozen()) {
    r_.stage_since = now_;  // a freeze is no fault of the stage
    return wait("frozen: " + window->reason);
  }
  if (s_.reads_before && !r_.before && !r_.has_traffic()) return emit("before", Map{});
  if (r_.is_direct || !takes_more(at)) {
    r_.doing = "set";
    return true;
  }
  if (r_.has_traffic() && a_rule_is_about_to_fire()) return false;
  r_.waiting.clear();
  Map question = routing_args(at.routing());
  question.append("before_bp", r_.weight_bp);
  question.append("step", at.name);
  question.append("override_by", r_.asked.override_by);
  question.append("override_role", r_.asked.override_role);
  question.append("override_reason", r_.asked.override_reason);
  return emit("decide", std::move(question));
}

// Its condition holds, if not yet for as long as it wants: no time to go forward. What somebody was
// told of and resumed is left to them.
bool Stepping::a_rule_is_about_to_fire() {
  for (const Strategy::Rule& rule : s_.rules) {
    const auto found = r_.rules.find(rule.model.name);
    if (found == r_.rules.end() || found->second.last != "yes" || found->second.told) continue;
    if (rule.is_dry || rule.model.on_fail == OnFail::notify) continue;
    wait(fmt::format("the rule {} holds: {}", rule.model.name, found->second.why));
    return true;
  }
  return false;
}

// What became of the question.
bool Stepping::weight_asked(const Stage& at) {
  if (r_.asked.result == "allowed") {
    r_.at_gate.clear();
    r_.doing = "set";
    return true;
  }
  if (r_.asked.result != "pending") return weight_wanted_otherwise(at);
  const std::string why = r_.asked.why;
  if (!wait_for_agreement(at.name, fmt::format("{}/{}", r_.stage, r_.asked.decision))) {
    if (r_.waiting.empty()) r_.waiting = "approval: " + why;
    return false;
  }
  if (r_.phase != Phase::forward) return true;
  Map question = routing_args(at.routing());
  question.append("decision", r_.asked.decision);
  question.append("asked", r_.asked.effect);
  question.append("before_bp", r_.weight_bp);
  question.append("step", at.name);
  return emit("resume_decision", std::move(question));
}

// Forbidden, or wanted smaller: as much as is given is taken, and the rest asked for later.
bool Stepping::weight_wanted_otherwise(const Stage& at) {
  if (r_.asked.result == "modified" && r_.asked.weight_bp && *r_.asked.weight_bp > r_.weight_bp) {
    const int weight = std::min(*r_.asked.weight_bp, at.weight_bp);
    event("modified", fmt::format("modified/{}", r_.next_effect),
          fmt::format("the policies make {} of {}: {}", format_share(weight / 10000.0),
                      format_share(at.weight_bp / 10000.0), r_.asked.why));
    return emit("set_weight", routing_args({weight, at.match, at.mirror_bp}));
  }
  if (!r_.asked.again) r_.asked.again = now_ + kAskAgain;
  if (now_ < *r_.asked.again)
    return wait(fmt::format("the policies {}: {}",
                            r_.asked.result == "modified" ? "want another weight" : "forbid it",
                            r_.asked.why));
  r_.asked = {};
  r_.doing.clear();
  return true;
}

void Stepping::begin_watch(const Stage& at) {
  r_.doing = "watch";
  r_.held = {};
  r_.gap = {};
  r_.credited_to = now_;
  r_.waiting.clear();
  for (const std::string& name : at.analyses) {
    if (std::find(r_.active.begin(), r_.active.end(), name) == r_.active.end())
      r_.active.push_back(name);
  }
}

bool Stepping::watch(const Stage& at) { return may_pass(at) && next(); }

bool Stepping::may_pass(const Stage& at) {
  const bool asks = at.hold > Duration{} || !at.analyses.empty() || !at.require.empty();
  if (!asks) return true;
  if (r_.held < at.hold) {
    const bool behind = r_.credited_to && now_ - *r_.credited_to > s_.longest_silence();
    if (behind) return wait("no data: the hold does not go on" + what_is_missing());
    const bool has_begun = now_ - r_.stage_since > s_.longest_silence();
    if (has_begun && !enough_came(r_.last_row.value_or(now_)) && !has_evidence())
      return wait(r_.waiting + ": the hold does not go on");
    return wait(why_nothing_counts());
  }
  if (r_.canary_health.bad > 0) return wait("the canary is not well: " + r_.canary_health.why);
  if (!has_evidence() || !analyses_pass(at) || !conditions_hold(at)) return false;
  r_.waiting.clear();
  return true;
}

// Ticks that come too seldom for what they look at would wait for ever.
std::string Stepping::why_nothing_counts() const {
  if (r_.gap <= s_.longest_gap()) return "";
  return fmt::format(
      "nothing was seen for {}, and more than {} (3 intervals) count nothing: look more often, or "
      "give a longer `interval`",
      format_duration({r_.gap.nanos / 1'000'000'000 * 1'000'000'000}),
      format_duration(s_.longest_gap()));
}

bool Stepping::analyses_pass(const Stage& at) {
  for (const std::string& name : at.analyses) {
    AnalysisState& state = r_.analyses[name];
    if (state.verdict == "pass") continue;
    if (state.verdict == "inconclusive" && s_.model.on_inconclusive != OnInconclusive::hold) {
      const bool back = s_.model.on_inconclusive == OnInconclusive::rollback;
      fail(back ? OnFail::rollback : OnFail::pause, "analysis", name, "inconclusive: " + state.why,
           state.told);
      return false;
    }
    const AnalysisModel* analysis = s_.model.analysis(name);
    const bool only_dry =
        analysis != nullptr &&
        std::all_of(analysis->metrics.begin(), analysis->metrics.end(),
                    [&](const std::string& m) { return s_.model.metric(m)->dry_run; });
    if (only_dry) continue;
    return wait(fmt::format("analysis {}: {}", name,
                            state.why.empty() ? "nothing to judge by yet" : state.why));
  }
  return true;
}

// Nobody is connected any more to what is to be stopped, or somebody was for too long.
bool Stepping::is_drained() {
  const std::optional<std::int64_t> open = seen_.open_connections;
  const Duration most = s_.model.deadlines.drain;
  if ((open && *open == 0) || now_ - r_.stage_since >= most) return true;
  const std::string connections = !open        ? "connections"
                                  : *open == 1 ? "1 connection"
                                               : fmt::format("{} connections", *open);
  return wait(fmt::format("for {} to end, {} at most", connections, format_duration(most)));
}

bool Stepping::stop_stage() {
  if (r_.doing == "done") {
    r_.stopped_old = true;
    return next();
  }
  if (r_.doing.empty() && a_rule_is_about_to_fire()) return false;
  if (!is_drained()) return false;
  return emit("stop", Map{{"slot", r_.stable}});
}

bool Stepping::finish(Phase phase) {
  r_.phase = phase;
  r_.finished = now_;
  r_.doing.clear();
  r_.waiting.clear();
  r_.at_gate.clear();
  r_.stuck_since.reset();
  const Map data{{"version", r_.version},
                 {"weight_bp", r_.weight_bp},
                 {"exposure_seconds", r_.exposure},
                 {"cause", r_.cause}};
  if (phase == Phase::promoted) {
    event("completed", "end", fmt::format("{} is promoted", r_.version), data);
  } else {
    const bool served = r_.exposure > 0 || r_.served > 0;
    event(served ? "rolled_back" : "failed", "end",
          fmt::format("{} {}: {}", r_.version, served ? "is rolled back" : "was not deployed",
                      r_.cause),
          data);
  }
  return true;
}

}  // namespace autopilot::deploy
