#include "core/deploy/runner.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.h"
#include "core/deploy/deltas.h"
#include "core/deploy/spec.h"

namespace autopilot::deploy {
namespace {

constexpr Duration kPoll = Duration::milliseconds(500);  // how soon a request is seen
constexpr Duration kHealthPause = Duration::seconds(1);  // between readings in a burst
constexpr int kBurst = 3;                                // readings of a tick
constexpr Duration kSignOfLife = Duration::seconds(15);
constexpr int kVerifyTries = 3;
constexpr Duration kVerifyPause = Duration::milliseconds(100);
constexpr Duration kTickWait = Duration::seconds(20);  // what a tick waits for a canary to be well

constexpr Duration kDeed = Duration::seconds(300);  // what a start, stop, hook or smoke may take

constexpr std::int64_t kSplitLookShare = 20;  // looks at the split take a twentieth of the time

Gate gate_of(const Effect& effect) {
  Gate gate;
  gate.name = effect.args.find("gate")->as_string();
  gate.approvals = static_cast<int>(effect.args.find("approvals")->as_int());
  gate.role =
      policy::parse_role(effect.args.find("role")->as_string()).value_or(policy::Role::dg_ai);
  gate.timeout = Duration::seconds(effect.args.find("timeout_seconds")->as_int());
  return gate;
}

}  // namespace

Runner::Runner(Journal& journal, Providers& providers, World& world, const std::string& rollout,
               JudgeFunction judge, RunnerSettings settings)
    : journal_(journal),
      providers_(providers),
      world_(world),
      settings_(std::move(settings)),
      rollout_(journal.load(rollout)),
      strategy_(rollout_, std::move(judge)) {}

void Runner::point(std::string_view name) const {
  if (settings_.at_point) settings_.at_point(name);
}

Slot Runner::slot(const std::string& name) const {
  for (const Slot& s : strategy_.model.slots) {
    if (s.name == name) return s;
  }
  throw Error(ErrorKind::storage,
              fmt::format("the rollout {} names a slot {} that is not there", rollout_.id, name));
}

std::string Runner::version_in(const std::string& name) const {
  return name == rollout_.canary ? rollout_.version : rollout_.previous;
}

bool Runner::is_waiting_for_health() const {
  return rollout_.doing == "started" || !rollout_.canary_health.at;
}

// ---- the loop

void Runner::run() {
  Observation first;
  look(first);
  pass(std::move(first));
  while (!rollout_.is_over()) {
    if (settings_.watch && !settings_.watch(rollout_)) return;
    const Instant now = world_.clock.now();
    const bool due = !rollout_.measured || now - *rollout_.measured >= strategy_.model.interval ||
                     now < *rollout_.measured;
    Observation seen;
    look(seen);
    if (due) {
      measure(seen);
      read_health(seen, 1);
      look_at_split(seen);
    } else if (is_waiting_for_health()) {
      read_health(seen, 1);
    }
    pass(std::move(seen));
    if (!rollout_.is_over()) world_.clock.sleep(kPoll);
  }
  if (settings_.watch) settings_.watch(rollout_);
}

void Runner::tick() {
  Observation first;  // a reboot, requests, what was left undone
  look(first);
  pass(std::move(first));
  const Instant begin = world_.clock.now();
  while (!rollout_.is_over()) {
    Observation seen;
    look(seen);
    measure(seen);
    read_health(seen, kBurst);
    look_at_split(seen);
    const std::int64_t stage = rollout_.stage;
    const Phase phase = rollout_.phase;
    pass(std::move(seen));
    const bool moved = rollout_.stage != stage || rollout_.phase != phase;
    const bool starting = rollout_.doing == "started" || rollout_.recovering > 0;
    if (!moved && !(starting && world_.clock.now() - begin < kTickWait)) return;
  }
}

void Runner::act() {
  for (;;) {
    Observation seen;
    look(seen);
    if (is_waiting_for_health()) read_health(seen, 1);
    const Phase phase = rollout_.phase;
    const std::string doing = rollout_.doing;
    pass(std::move(seen));
    if (rollout_.is_over() || rollout_.phase != Phase::rolling_back) return;
    if (rollout_.phase == phase && rollout_.doing == doing) {
      if (rollout_.stuck_since) return;
      world_.clock.sleep(kPoll);
    }
  }
}

// One look, and all that follows from it at once.
void Runner::pass(Observation seen) {
  // What an earlier process meant to do and did not confirm comes after what is seen now: a request
  // or a reboot may have made it wrong.
  const std::optional<Effect> left = rollout_.outstanding;
  for (bool first = true;; first = false) {
    Stepped stepped = step(strategy_, std::move(rollout_), seen, world_.clock.now());
    if (is_worth_writing(stepped, seen)) {
      point("before journal");
      journal_.record(stepped, seen);
      point("after journal");
      written_ = world_.clock.now();
    }
    rollout_ = std::move(stepped.rollout);
    phase_ = rollout_.phase;
    stage_ = rollout_.stage;
    doing_ = rollout_.doing;
    std::optional<Effect> next = rollout_.outstanding;
    const bool is_left = first && left && next && next->id == left->id;
    if (!next || (stepped.effects.empty() && !is_left)) return;
    point("before effect " + next->kind);
    const EffectResult result = perform(*next);
    point("after effect " + next->kind);
    seen = {};
    look(seen);
    seen.results.push_back(result);
  }
}

// A look that found nothing leaves nothing behind, but for a sign of life now and then.
bool Runner::is_worth_writing(const Stepped& stepped, const Observation& seen) const {
  const Rollout& r = stepped.rollout;
  const bool has_moved = r.phase != phase_ || r.stage != stage_ || r.doing != doing_;
  const bool is_silent = !written_ || world_.clock.now() - *written_ >= kSignOfLife;
  return has_moved || is_silent || seen.measured || !seen.results.empty() ||
         !seen.requests.empty() || !stepped.effects.empty() || !stepped.events.empty();
}

void Runner::look(Observation& seen) {
  seen.boot_id = world_.environment.boot_id();
  seen.requests = journal_.requests(rollout_.id, rollout_.last_request);
  const std::string draining = draining_slot(strategy_, rollout_);
  const Awaited waited = awaited(strategy_, rollout_);
  if (!waited.subject.empty()) seen.agreement = providers_.gatekeeper->look(waited);
  if (!draining.empty()) seen.open_connections = providers_.traffic->open_connections(draining);
}

// ---- measuring

void Runner::measure(Observation& seen) {
  const Instant now = world_.clock.now();
  seen.measured = now;
  Map cursors = rollout_.cursors;
  for (const MetricModel& metric : strategy_.model.metrics) {
    measure_arm(metric, "canary", seen, cursors);
    if (!rollout_.is_first) measure_arm(metric, "stable", seen, cursors);
  }
  seen.cursors = std::move(cursors);
}

void Runner::measure_arm(const MetricModel& metric, const std::string& arm, Observation& seen,
                         Map& cursors) {
  const auto found = providers_.metrics.find(metric.name);
  if (found == providers_.metrics.end()) return;
  const std::string& where = arm == "canary" ? rollout_.canary : rollout_.stable;
  const Instant now = *seen.measured;
  Query query;
  query.metric = metric.name;
  query.arm = arm;
  query.slot = where;
  query.version = version_in(where);
  query.host = host_in_url(slot(where));
  query.port = slot(where).port;
  // What runs elsewhere has no id here, and a look at it costs a way to another machine.
  if (strategy_.model.is_local()) query.pid = providers_.process->observe(slot(where)).pid;
  query.to = now;
  query.step = strategy_.model.interval;
  query.from =
      rollout_.measured && *rollout_.measured < now ? *rollout_.measured : now - query.step;
  const std::string key = metric.name + "/" + arm;
  const Value* cursor = cursors.find(key);
  Taken taken = read_samples(*found->second, query, cursor == nullptr ? Value() : *cursor);
  for (Sample& sample : taken.samples) seen.samples.push_back(std::move(sample));
  cursors[key] = std::move(taken.cursor);
}

void Runner::read_health(Observation& seen, int readings) {
  const auto read = [&](const std::string& where) {
    const Slot at = slot(where);
    const Running running = providers_.process->glance(at);
    HealthReading reading{world_.clock.now(), running.running, running.why};
    // That a machine cannot be asked is no fault of what serves there: its health tells.
    if ((running.running || !running.is_known) && providers_.health != nullptr) {
      const HealthAnswer answer = providers_.health->check(at, version_in(where));
      reading.healthy = answer.healthy;
      reading.why = answer.why;
    } else if (!running.running && reading.why.empty()) {
      reading.why = "it does not run";
    }
    return reading;
  };
  for (int i = 0; i < readings; ++i) {
    if (i > 0) world_.clock.sleep(kHealthPause);
    seen.canary.push_back(read(rollout_.canary));
    if (!rollout_.is_first) seen.stable.push_back(read(rollout_.stable));
  }
}

// Somebody else may have changed the proxy. While a weight is being set there is nothing to
// compare.
void Runner::look_at_split(Observation& seen) {
  if (rollout_.outstanding || !rollout_.has_traffic()) return;
  // A look goes through to the versions: where they are slow, it must not keep metrics waiting.
  const std::int64_t begin = world_.clock.monotonic_nanos();
  if (begin < next_split_look_) return;
  const SplitCheck check = providers_.traffic->verify(split_of(rollout_.routing()));
  const std::int64_t end = world_.clock.monotonic_nanos();
  next_split_look_ = end + kSplitLookShare * (end - begin);
  if (!check.holds) seen.drift = "the split is not as recorded: " + check.why;
}

// ---- effects

EffectResult Runner::perform(const Effect& effect) {
  try {
    EffectResult result = perform_kind(effect);
    result.id = effect.id;
    return result;
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::bug || error.kind() == ErrorKind::interrupted) throw;
    return {effect.id, false, error.with_hint(), {}};
  }
}

EffectResult Runner::perform_kind(const Effect& effect) {
  const auto text = [&](const char* name) { return effect.args.find(name)->as_string(); };
  const auto from = [](TaskResult task) {
    return EffectResult{0, task.ok, std::move(task.why), std::move(task.data)};
  };
  if (effect.kind == "set_weight" || effect.kind == "restore_weight") return set_weight(effect);
  if (effect.kind == "decide" || effect.kind == "resume_decision") return ask(effect);
  if (effect.kind == "ask_approval" || effect.kind == "use_approval") {
    const Gate gate = gate_of(effect);
    if (effect.kind == "ask_approval") providers_.gatekeeper->ask(gate, rollout_);
    if (effect.kind == "use_approval") providers_.gatekeeper->use(gate, rollout_);
    return {0, true, "", {}};
  }
  if (effect.kind == "before") return measure_before(effect);
  const Slot canary = slot(rollout_.canary);
  journal_.keep_lease(kDeed);
  if (effect.kind == "start") {
    const std::string version = text("version");
    const Slot where = slot(text("slot"));
    providers_.process->start(where, version);
    const Running running = providers_.process->observe(where);
    return {0, running.running, running.running ? "" : "it does not run: " + running.why, {}};
  }
  if (effect.kind == "stop") {
    const Slot where = slot(text("slot"));
    providers_.process->stop(where, strategy_.model.grace);
    const bool runs = providers_.process->observe(where).running;
    return {0, !runs, runs ? "it still runs" : "", {}};
  }
  if (effect.kind == "check") {
    const CheckModel& check =
        strategy_.stages.at(static_cast<std::size_t>(effect.args.find("stage")->as_int())).check;
    journal_.keep_lease({kDeed.nanos + check.timeout.nanos});
    return from(providers_.tasks->check(check, rollout_, canary));
  }
  if (effect.kind == "hook") {
    std::vector<std::string> argv;
    for (const Value& word : effect.args.find("argv")->as_list()) argv.push_back(word.as_string());
    return from(providers_.tasks->hook(argv, rollout_, canary));
  }
  if (effect.kind == "smoke") return from(providers_.tasks->smoke(text("file"), rollout_, canary));
  if (effect.kind == "load") return put_load(*effect.args.find("load"), canary);
  throw Error(ErrorKind::bug, "unknown effect " + effect.kind);
}

void Runner::install() {
  if (std::exchange(installed_, true)) return;
  try {
    providers_.traffic->install(routings_of(strategy_.stages));
  } catch (...) {
    installed_ = false;
    throw;
  }
}

// Ends early when somebody asks for something: that comes first, and the load begins anew if the
// rollout still wants it.
EffectResult Runner::put_load(const Value& spec, const Slot& canary) {
  struct EndedEarly {};
  try {
    TaskResult task = providers_.tasks->load(spec, rollout_, canary, [&] {
      journal_.keep_lease(Duration{});
      if (!journal_.requests(rollout_.id, rollout_.last_request).empty()) throw EndedEarly{};
    });
    return {0, task.ok, std::move(task.why), std::move(task.data)};
  } catch (const EndedEarly&) {
    return {0, false, "it was ended early", Map{{"ended_early", true}}};
  }
}

// The matches of other steps are looked for, too: they must be gone.
Split Runner::split_of(const Routing& routing) const {
  Split split{rollout_.canary,   rollout_.stable,   routing.weight_bp,
              routing.match,     routing.mirror_bp, matches_of(strategy_.stages),
              !rollout_.is_first};
  std::erase(split.past, split.match);
  return split;
}

EffectResult Runner::set_weight(const Effect& effect) {
  const Routing routing = routing_from(effect.args);
  const Split split = split_of(routing);
  // The way back does not wait for what only the way forward needs. A first version that never had
  // traffic has none to take back, and nothing may be there yet that could be asked.
  const bool is_new_here = rollout_.is_first && !rollout_.has_traffic();
  if (routing.gives_anything() || is_new_here) install();
  providers_.traffic->set(split);
  point("between set and verify");
  SplitCheck check;
  for (int i = 0; i < kVerifyTries && !check.holds; ++i) {
    if (i > 0) world_.clock.sleep(kVerifyPause);
    check = providers_.traffic->verify(split);
  }
  Map data{{"observed", check.observed}};
  return {0, check.holds, check.holds ? "" : "the split cannot be verified: " + check.why,
          std::move(data)};
}

EffectResult Runner::ask(const Effect& effect) {
  Question q;
  q.rollout = rollout_.id;
  q.deployment = rollout_.deployment;
  q.environment = rollout_.environment;
  q.version = rollout_.version;
  q.step = effect.args.find("step")->as_string();
  const bool is_new = effect.kind == "decide";
  q.effect = is_new ? effect.id : effect.args.find("asked")->as_int();
  const Routing routing = routing_from(effect.args);
  q.weight_bp = routing.weight_bp;
  q.match = routing.match;
  q.mirror_bp = routing.mirror_bp;
  // Where nothing ran before, nobody is moved: to go there in steps would only leave the rest
  // without an answer.
  q.before_bp =
      rollout_.is_first ? q.weight_bp : static_cast<int>(effect.args.find("before_bp")->as_int());
  q.actor = rollout_.actor;
  if (is_new) {
    q.override_by = effect.args.find("override_by")->as_string();
    q.override_role = effect.args.find("override_role")->as_string();
    q.override_reason = effect.args.find("override_reason")->as_string();
  }
  const Instant at = rollout_.last_row.value_or(world_.clock.now());
  for (const MetricModel& m : strategy_.model.metrics) {
    const auto number =
        rollout_.windows.number(m.name, "canary", {at, m.window, false, m.min_requests});
    if (number) q.metrics[m.name] = *number;
  }
  const Decided decided =
      is_new ? providers_.decider->decide(q)
             : providers_.decider->resume(q, effect.args.find("decision")->as_string());
  Map data{{"result", decided.result}, {"decision", decided.id}, {"why", decided.why}};
  if (decided.result == "modified" && providers_.traffic->takes_any_weight())
    data["weight_bp"] = decided.weight_bp;
  return {0, true, "", std::move(data)};
}

// The same queries over the stretch before the first step, of what ran then.
EffectResult Runner::measure_before(const Effect&) {
  Map numbers;
  const Instant now = world_.clock.now();
  for (const MetricModel& metric : strategy_.model.metrics) {
    const auto found = providers_.metrics.find(metric.name);
    if (found == providers_.metrics.end() || rollout_.is_first) continue;
    Duration reach = metric.window;
    for (const RuleModel& rule : strategy_.model.rules) {
      if (rule.over && rule.when.find("before." + metric.name) != std::string::npos)
        reach = std::max(reach, *rule.over);
    }
    Windows windows(reach);
    if (metric.has_history) {
      Query query;
      query.metric = metric.name;
      query.arm = "stable";
      query.slot = rollout_.stable;
      query.version = rollout_.previous;
      query.host = host_in_url(slot(rollout_.stable));
      query.port = slot(rollout_.stable).port;
      query.from = now - reach;
      query.to = now;
      query.step = strategy_.model.interval;
      for (const Sample& s : read_samples(*found->second, query, Value()).samples) windows.add(s);
    } else {
      Observation one;
      one.measured = now;
      Map cursors = rollout_.cursors;
      measure_arm(metric, "stable", one, cursors);
      for (const Sample& s : one.samples) windows.add(s);
    }
    const auto number = windows.number(metric.name, "stable", {now, reach, false, 1});
    if (number) numbers[metric.name] = *number;
  }
  return {0, true, "", std::move(numbers)};
}

}  // namespace autopilot::deploy
