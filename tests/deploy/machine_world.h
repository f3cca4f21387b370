#pragma once
// A rollout in a world of fakes: virtual time, effects that succeed unless told otherwise, samples
// made by hand.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/deploy/machine.h"
#include "core/deploy/traffic.h"

namespace autopilot::deploy::testing {

inline constexpr const char* kSpec = R"({
  "slots": {"blue": {"port": 8001}, "green": {"port": 8002}},
  "interval": "10s",
  "process": {"provider": "exec"}, "traffic": {"provider": "exec"},
  "metrics": {"errors": {"provider": "prometheus", "kind": "count", "bad": "b", "total": "t",
                         "window": "1m", "min_requests": 10}},
  "steps": [{"name": "canary", "weight": "5%", "hold": "1m"},
            {"name": "half", "weight": "50%", "hold": "1m"}],
  "rollback": [{"name": "errors", "when": "canary.errors > 0.02", "for": "30s"}]
})";

// The spec above with other fields.
inline std::string spec_with(const std::string& json) {
  Value spec = parse_json_or_throw(kSpec, "spec");
  const Value more = parse_json_or_throw(json, "more");
  for (const auto& [name, value] : more.as_map()) spec.as_map()[name] = value;
  return to_json(spec);
}

inline Judged passing(const Value&, const std::vector<Judgeable>&, const Value&,
                      const std::vector<Sample>&) {
  Judged judged;
  judged.verdict = Verdict::pass;
  return judged;
}

class MachineWorld {
 public:
  explicit MachineWorld(const std::string& spec = kSpec, JudgeFunction judge = passing,
                        const std::function<void(Rollout&)>& change = {}) {
    Rollout& r = rollout;
    r.id = "r1";
    r.deployment = "shop";
    r.version = "v2";
    r.previous = "v1";
    r.canary = "green";
    r.stable = "blue";
    r.actor = "ada";
    r.boot_id = "boot-1";
    r.created = r.stage_since = now;
    r.spec = parse_json_or_throw(spec, "spec");
    if (change) change(r);
    strategy = std::make_unique<Strategy>(r, std::move(judge));
    r.windows = Windows(strategy->model.longest_window());
  }

  Rollout rollout;
  std::unique_ptr<Strategy> strategy;
  Instant now = *parse_rfc3339("2026-01-05T10:00:00Z");
  std::string boot = "boot-1";
  // What becomes of an effect; by default it succeeds and decisions allow.
  std::function<EffectResult(const Effect&)> world;
  // Of these nothing comes back, until end().
  std::function<bool(const Effect&)> hangs;
  std::vector<Effect> effects;
  std::vector<Event> events;
  std::vector<Answer> answers;
  std::int64_t bad = 0, total = 100;   // of the canary in each interval
  std::optional<Agreement> agreement;  // of people, on whatever waits
  bool has_data = true, canary_well = true, stable_well = true;
  std::int64_t open = 0;  // connections to what is to be stopped
  int traffic_bp = 0;     // as the world has it
  std::int64_t next_request = 1;

  Observation measurement() const {
    Observation seen;
    seen.boot_id = boot;
    seen.measured = now;
    seen.canary = {{now, canary_well, canary_well ? "" : "503"}};
    seen.stable = {{now, stable_well, ""}};
    seen.open_connections = open;
    seen.agreement = agreement;
    for (const char* arm : {"canary", "stable"}) {
      Sample s{"errors", arm, now - Duration::seconds(10), now, 0, 0, {}, ""};
      if (std::string(arm) == "canary") s.bad = bad;
      s.total = std::string(arm) == "canary" ? total : 1000;
      if (!has_data) s = {"errors", arm, s.from, s.to, 0, 0, {}, "connection refused"};
      seen.samples.push_back(s);
    }
    return seen;
  }

  // One observation, and the effects that follow, to the end.
  void see(Observation seen) {
    for (;;) {
      Stepped stepped = step(*strategy, std::move(rollout), seen, now);
      rollout = std::move(stepped.rollout);
      for (Event& e : stepped.events) events.push_back(std::move(e));
      for (Answer& a : stepped.answers) answers.push_back(std::move(a));
      if (stepped.effects.empty()) return;
      seen = {};
      seen.boot_id = boot;
      seen.open_connections = open;
      for (const Effect& e : stepped.effects) {
        effects.push_back(e);
        if (!hangs || !hangs(e)) seen.results.push_back(perform(e));
      }
    }
  }
  // What hung has ended.
  void end(const EffectResult& result) {
    Observation seen;
    seen.boot_id = boot;
    seen.open_connections = open;
    seen.results.push_back(result);
    see(std::move(seen));
  }
  void tick() {
    now = now + Duration::seconds(10);
    see(measurement());
  }
  void tick(int times) {
    for (int i = 0; i < times; ++i) tick();
  }
  // Until the condition holds; false after two virtual days.
  bool until(const std::function<bool()>& holds) {
    for (int i = 0; i < 17280 && !holds(); ++i) tick();
    return holds();
  }
  void ask(const std::string& kind, Map args = {}, const std::string& actor = "bob",
           const std::string& role = "admin") {
    Observation seen;
    seen.boot_id = boot;
    seen.open_connections = open;
    seen.agreement = agreement;
    seen.requests.push_back({next_request++, kind, actor, role, "", std::move(args), now});
    see(std::move(seen));
  }

  std::vector<int> weights() const {  // that were set, in order
    std::vector<int> out;
    for (const Effect& e : effects) {
      if (e.kind == "set_weight")
        out.push_back(static_cast<int>(e.args.find("weight_bp")->as_int()));
    }
    return out;
  }
  std::vector<std::string> kinds() const {
    std::vector<std::string> out;
    for (const Effect& e : effects) out.push_back(e.kind);
    return out;
  }
  int count(const std::string& kind) const {
    int n = 0;
    for (const Event& e : events) n += e.kind == kind ? 1 : 0;
    return n;
  }

 private:
  EffectResult perform(const Effect& e) {
    EffectResult result{e.id, true, "", {}};
    if (e.kind == "decide" || e.kind == "resume_decision")
      result.data = Map{{"result", "allowed"}, {"decision", "d"}, {"why", ""}};
    if (world) {
      const EffectResult own = world(e);
      if (own.id == e.id) result = own;
    }
    if (e.kind.ends_with("_weight") && result.ok)
      traffic_bp = static_cast<int>(e.args.find("weight_bp")->as_int());
    return result;
  }
};

}  // namespace autopilot::deploy::testing
