// The record as a Value and back.
#include "core/deploy/rollout.h"

#include "core/base/error.h"

namespace autopilot::deploy {
namespace {

constexpr Phase kPhases[] = {Phase::forward, Phase::rolling_back, Phase::promoted,
                             Phase::rolled_back};

Value text_of(const std::optional<Instant>& t) { return t ? Value(format_rfc3339(*t)) : Value(); }

Value to_value(const RuleState& r) {
  return Map{{"since", text_of(r.since)},
             {"judged", text_of(r.judged)},
             {"in_a_row", r.in_a_row},
             {"last", r.last},
             {"why", r.why},
             {"told", r.told}};
}

Value to_value(const AnalysisState& a) {
  return Map{{"state", a.state},
             {"verdict", a.verdict},
             {"why", a.why},
             {"numbers", a.numbers},
             {"told", a.told}};
}

Value to_value(const HealthState& h) {
  return Map{{"good", h.good},           {"bad", h.bad}, {"is_well", h.is_well},
             {"is_unwell", h.is_unwell}, {"why", h.why}, {"at", text_of(h.at)}};
}

Value to_value(const Effect& e) { return Map{{"id", e.id}, {"kind", e.kind}, {"args", e.args}}; }

Value to_value(const Paused& p) {
  return Map{{"by", p.by},
             {"reason", p.reason},
             {"since", format_rfc3339(p.since)},
             {"until", text_of(p.until)},
             {"maintenance", p.maintenance}};
}

Value to_value(const Asked& a) {
  return Map{{"result", a.result},
             {"decision", a.decision},
             {"why", a.why},
             {"effect", a.effect},
             {"weight_bp", a.weight_bp ? Value(*a.weight_bp) : Value()},
             {"again", text_of(a.again)},
             {"override_by", a.override_by},
             {"override_role", a.override_role},
             {"override_reason", a.override_reason}};
}

// Reads what to_value wrote; whatever is missing keeps its default.
class Reader {
 public:
  explicit Reader(const Value& value) : value_(value) {}

  const Value* get(std::string_view name) const {
    const Value* v = value_.get(name);
    return v == nullptr || v->is_null() ? nullptr : v;
  }
  void read(std::string_view name, std::string& into) const {
    if (const Value* v = get(name); v != nullptr && v->is_string()) into = v->as_string();
  }
  void read(std::string_view name, bool& into) const {
    if (const Value* v = get(name); v != nullptr && v->is_bool()) into = v->as_bool();
  }
  void read(std::string_view name, std::int64_t& into) const {
    if (const Value* v = get(name); v != nullptr && v->kind() == Value::Kind::integer)
      into = v->as_int();
  }
  void read(std::string_view name, int& into) const {
    std::int64_t wide = into;
    read(name, wide);
    into = static_cast<int>(wide);
  }
  void read(std::string_view name, double& into) const {
    if (const Value* v = get(name); v != nullptr && v->is_number()) into = v->as_double();
  }
  void read(std::string_view name, Instant& into) const {
    std::optional<Instant> t;
    read(name, t);
    if (t) into = *t;
  }
  void read(std::string_view name, std::optional<Instant>& into) const {
    const Value* v = get(name);
    into = v != nullptr && v->is_string() ? parse_rfc3339(v->as_string()) : std::nullopt;
  }
  void read(std::string_view name, Map& into) const {
    if (const Value* v = get(name); v != nullptr && v->is_map()) into = v->as_map();
  }
  void read(std::string_view name, Value& into) const {
    if (const Value* v = value_.get(name)) into = *v;
  }

 private:
  const Value& value_;
};

RuleState rule_from(const Value& value) {
  RuleState r;
  const Reader in(value);
  in.read("since", r.since);
  in.read("judged", r.judged);
  in.read("in_a_row", r.in_a_row);
  in.read("last", r.last);
  in.read("why", r.why);
  in.read("told", r.told);
  return r;
}

AnalysisState analysis_from(const Value& value) {
  AnalysisState a;
  const Reader in(value);
  in.read("state", a.state);
  in.read("verdict", a.verdict);
  in.read("why", a.why);
  in.read("numbers", a.numbers);
  in.read("told", a.told);
  return a;
}

HealthState health_from(const Value* value) {
  HealthState h;
  if (value == nullptr) return h;
  const Reader in(*value);
  in.read("good", h.good);
  in.read("bad", h.bad);
  in.read("is_well", h.is_well);
  in.read("is_unwell", h.is_unwell);
  in.read("why", h.why);
  in.read("at", h.at);
  return h;
}

Paused paused_from(const Value& value) {
  Paused p;
  const Reader in(value);
  in.read("by", p.by);
  in.read("reason", p.reason);
  in.read("since", p.since);
  in.read("until", p.until);
  in.read("maintenance", p.maintenance);
  return p;
}

Effect effect_from(const Value& value) {
  Effect e;
  const Reader in(value);
  in.read("id", e.id);
  in.read("kind", e.kind);
  in.read("args", e.args);
  return e;
}

Asked asked_from(const Value* value) {
  Asked a;
  if (value == nullptr) return a;
  const Reader in(*value);
  in.read("result", a.result);
  in.read("decision", a.decision);
  in.read("why", a.why);
  in.read("again", a.again);
  in.read("override_by", a.override_by);
  in.read("override_role", a.override_role);
  in.read("override_reason", a.override_reason);
  in.read("effect", a.effect);
  if (in.get("weight_bp") != nullptr) {
    a.weight_bp = 0;
    in.read("weight_bp", *a.weight_bp);
  }
  return a;
}

Phase phase_from(const Value& value) {
  std::string text;
  Reader(value).read("phase", text);
  for (const Phase phase : kPhases) {
    if (to_string(phase) == text) return phase;
  }
  throw Error(ErrorKind::storage,
              "a rollout in the state cannot be read: its phase is \"" + text + "\"",
              "run `autopilot state check`");
}

Map beginning_of(const Rollout& r) {
  return Map{{"id", r.id},
             {"deployment", r.deployment},
             {"environment", r.environment},
             {"version", r.version},
             {"previous", r.previous},
             {"canary", r.canary},
             {"stable", r.stable},
             {"is_first", r.is_first},
             {"is_direct", r.is_direct},
             {"is_emergency", r.is_emergency},
             {"actor", r.actor},
             {"identity", r.identity},
             {"reason", r.reason},
             {"created", format_rfc3339(r.created)}};
}

void append_place(Map& out, const Rollout& r) {
  out.append("phase", to_string(r.phase));
  out.append("stage", r.stage);
  out.append("stage_since", format_rfc3339(r.stage_since));
  out.append("doing", r.doing);
  out.append("boot_id", r.boot_id);
  out.append("recovering", r.recovering);
  out.append("weight_bp", r.weight_bp);
  out.append("match", to_value(r.match));
  out.append("mirror_bp", r.mirror_bp);
  out.append("stopped_old", r.stopped_old);
  out.append("outstanding", r.outstanding ? to_value(*r.outstanding) : Value());
  out.append("next_effect", r.next_effect);
  out.append("retry_at", text_of(r.retry_at));
  out.append("failing_since", text_of(r.failing_since));
  out.append("failing_why", r.failing_why);
  out.append("last_request", r.last_request);
  out.append("finished", text_of(r.finished));
  out.append("cause", r.cause);
  out.append("cause_kind", r.cause_kind);
  out.append("rollback_since", text_of(r.rollback_since));
  out.append("zero_since", text_of(r.zero_since));
  out.append("stuck_since", text_of(r.stuck_since));
  out.append("is_forced", r.is_forced);
}

void append_seen(Map& out, const Rollout& r) {
  out.append("held", r.held.nanos);
  out.append("gap", r.gap.nanos);
  out.append("credited_to", text_of(r.credited_to));
  out.append("measured", text_of(r.measured));
  out.append("last_row", text_of(r.last_row));
  Map rules, analyses;
  for (const auto& [name, state] : r.rules) rules.append(name, to_value(state));
  for (const auto& [name, state] : r.analyses) analyses.append(name, to_value(state));
  out.append("rules", std::move(rules));
  out.append("analyses", std::move(analyses));
  List active, confirmed;
  for (const std::string& name : r.active) active.push_back(name);
  for (const Confirmation& c : r.confirmed)
    confirmed.push_back(Map{{"what", c.what}, {"actor", c.actor}});
  out.append("active", std::move(active));
  out.append("before", r.before ? Value(*r.before) : Value());
  out.append("canary_health", to_value(r.canary_health));
  out.append("stable_health", to_value(r.stable_health));
  out.append("paused", r.paused ? to_value(*r.paused) : Value());
  out.append("confirmed", std::move(confirmed));
  out.append("asked", to_value(r.asked));
  out.append("waiting", r.waiting);
  out.append("at_gate", r.at_gate);
  out.append("cursors", r.cursors);
  out.append("exposure", r.exposure);
  out.append("served", r.served);
  out.append("served_bad", r.served_bad);
  out.append("copied", r.copied);
  out.append("copied_bad", r.copied_bad);
  out.append("marks", r.marks);
}

}  // namespace

std::string_view to_string(Phase phase) {
  switch (phase) {
    case Phase::forward:
      return "forward";
    case Phase::rolling_back:
      return "rolling_back";
    case Phase::promoted:
      return "promoted";
    case Phase::rolled_back:
      return "rolled_back";
  }
  return "forward";
}

std::string Rollout::state() const {
  if (is_over()) return std::string(to_string(phase));
  if (stuck_since) return "stuck";
  if (phase == Phase::rolling_back) return "rolling_back";
  if (paused) return "paused";
  if (!at_gate.empty()) return "gate";
  return has_traffic() ? "stepping" : "preparing";
}

Value to_value(const Rollout& r) {
  Map out = beginning_of(r);
  out.append("spec", r.spec);
  append_place(out, r);
  append_seen(out, r);
  return out;
}

Rollout rollout_from(const Value& value) {
  Rollout r;
  const Reader in(value);
  for (auto& [name, into] : {std::pair<const char*, std::string*>{"id", &r.id},
                             {"deployment", &r.deployment},
                             {"environment", &r.environment},
                             {"version", &r.version},
                             {"previous", &r.previous},
                             {"canary", &r.canary},
                             {"stable", &r.stable},
                             {"actor", &r.actor},
                             {"identity", &r.identity},
                             {"reason", &r.reason},
                             {"doing", &r.doing},
                             {"boot_id", &r.boot_id},
                             {"failing_why", &r.failing_why},
                             {"cause", &r.cause},
                             {"cause_kind", &r.cause_kind},
                             {"waiting", &r.waiting},
                             {"at_gate", &r.at_gate}})
    in.read(name, *into);
  for (auto& [name, into] : {std::pair<const char*, bool*>{"is_first", &r.is_first},
                             {"is_direct", &r.is_direct},
                             {"is_emergency", &r.is_emergency},
                             {"stopped_old", &r.stopped_old},
                             {"is_forced", &r.is_forced}})
    in.read(name, *into);
  for (auto& [name, into] :
       {std::pair<const char*, std::optional<Instant>*>{"retry_at", &r.retry_at},
        {"failing_since", &r.failing_since},
        {"finished", &r.finished},
        {"rollback_since", &r.rollback_since},
        {"zero_since", &r.zero_since},
        {"stuck_since", &r.stuck_since},
        {"credited_to", &r.credited_to},
        {"measured", &r.measured},
        {"last_row", &r.last_row}})
    in.read(name, *into);
  for (auto& [name, into] : {std::pair<const char*, std::int64_t*>{"stage", &r.stage},
                             {"recovering", &r.recovering},
                             {"next_effect", &r.next_effect},
                             {"last_request", &r.last_request},
                             {"held", &r.held.nanos},
                             {"gap", &r.gap.nanos},
                             {"served", &r.served},
                             {"served_bad", &r.served_bad},
                             {"copied", &r.copied},
                             {"copied_bad", &r.copied_bad}})
    in.read(name, *into);
  for (auto& [name, into] :
       {std::pair<const char*, Map*>{"cursors", &r.cursors}, {"marks", &r.marks}})
    in.read(name, *into);
  in.read("created", r.created);
  in.read("stage_since", r.stage_since);
  in.read("spec", r.spec);
  in.read("weight_bp", r.weight_bp);
  in.read("mirror_bp", r.mirror_bp);
  if (const Value* v = in.get("match")) r.match = match_from(*v);
  in.read("exposure", r.exposure);
  r.phase = phase_from(value);
  if (const Value* v = in.get("outstanding")) r.outstanding = effect_from(*v);
  if (const Value* v = in.get("before")) r.before = v->as_map();
  if (const Value* v = in.get("paused")) r.paused = paused_from(*v);
  if (const Value* v = in.get("rules")) {
    for (const auto& [name, state] : v->as_map()) r.rules[name] = rule_from(state);
  }
  if (const Value* v = in.get("analyses")) {
    for (const auto& [name, state] : v->as_map()) r.analyses[name] = analysis_from(state);
  }
  if (const Value* v = in.get("active")) {
    for (const Value& name : v->as_list()) r.active.push_back(name.as_string());
  }
  if (const Value* v = in.get("confirmed")) {
    for (const Value& c : v->as_list())
      r.confirmed.push_back({c.get("what")->as_string(), c.get("actor")->as_string()});
  }
  r.canary_health = health_from(in.get("canary_health"));
  r.stable_health = health_from(in.get("stable_health"));
  r.asked = asked_from(in.get("asked"));
  return r;
}

}  // namespace autopilot::deploy
