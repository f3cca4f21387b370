// What a rollout's effects do to the world.
#include <fmt/format.h>

#include <algorithm>
#include <future>
#include <utility>

#include "core/base/error.h"
#include "core/deploy/deltas.h"
#include "core/deploy/runner.h"
#include "core/deploy/spec.h"
#include "core/deploy/tasks.h"

namespace autopilot::deploy {
namespace {

constexpr int kVerifyTries = 3;
constexpr Duration kVerifyPause = Duration::milliseconds(100);
constexpr Duration kDeed = Duration::seconds(300);           // what a start or stop may take
constexpr Duration kPatience = Duration::milliseconds(300);  // what a task is waited for at once

Gate gate_of(const Effect& effect) {
  Gate gate;
  gate.name = effect.args.find("gate")->as_string();
  gate.approvals = static_cast<int>(effect.args.find("approvals")->as_int());
  gate.role =
      policy::parse_role(effect.args.find("role")->as_string()).value_or(policy::Role::dg_ai);
  gate.timeout = Duration::seconds(effect.args.find("timeout_seconds")->as_int());
  return gate;
}

// By a thread beside the loop; what it begins may be cut off.
bool is_task(const std::string& kind) {
  return kind == "check" || kind == "hook" || kind == "smoke" || kind == "load" || kind == "before";
}

}  // namespace

// Nothing when it goes on, or could not begin yet: its result comes with a later look.
std::optional<EffectResult> Runner::perform(const Effect& effect) {
  try {
    if (is_task(effect.kind)) return begin_task(effect);
    EffectResult result = perform_kind(effect);
    forget_health();
    result.id = effect.id;
    return result;
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::bug || error.kind() == ErrorKind::interrupted) throw;
    return EffectResult{effect.id, false, error.with_hint(), {}};
  }
}

EffectResult Runner::perform_kind(const Effect& effect) {
  const auto text = [&](const char* name) { return effect.args.find(name)->as_string(); };
  if (effect.kind == "set_weight" || effect.kind == "restore_weight") return set_weight(effect);
  if (effect.kind == "decide" || effect.kind == "resume_decision") return ask(effect);
  if (effect.kind == "ask_approval" || effect.kind == "use_approval") {
    const Gate gate = gate_of(effect);
    if (effect.kind == "ask_approval") providers_.gatekeeper->ask(gate, rollout_);
    if (effect.kind == "use_approval") providers_.gatekeeper->use(gate, rollout_);
    return {0, true, "", {}};
  }
  journal_.keep_lease(kDeed);
  if (effect.kind == "start") {
    const std::string version = text("version");
    const Slot where = slot(text("slot"));
    providers_.process->start(where, version);
    const Running running = providers_.process->observe(where);
    if (running.running) return {0, true, "", {}};
    Map data;
    if (providers_.process->has_ended(where)) data["has_ended"] = true;
    return {0, false, "it does not run: " + running.why, std::move(data)};
  }
  if (effect.kind == "stop") {
    const Slot where = slot(text("slot"));
    providers_.process->stop(where, strategy_.model.grace);
    const bool runs = providers_.process->observe(where).running;
    return {0, !runs, runs ? "it still runs" : "", {}};
  }
  throw Error(ErrorKind::bug, "unknown effect " + effect.kind);
}

std::optional<EffectResult> Runner::begin_task(const Effect& effect) {
  // What keeps it from being done is its result, too, whenever it comes.
  const auto told = [deed = deed_of(effect)](const Stop& stop) {
    try {
      return deed(stop);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::bug || error.kind() == ErrorKind::interrupted) throw;
      return TaskResult{false, error.with_hint(), {}};
    }
  };
  if (!task_.begin(effect.id, told)) return std::nullopt;
  return task_.take(kPatience);
}

BackgroundTask::Deed Runner::deed_of(const Effect& effect) {
  if (effect.kind == "before") return measure_before();
  Tasks* const tasks = providers_.tasks.get();
  const Placeholders words = task_words(rollout_, slot(rollout_.canary));
  if (effect.kind == "check") {
    const auto stage = static_cast<std::size_t>(effect.args.find("stage")->as_int());
    return [=, check = strategy_.stages.at(stage).check](const Stop& stop) {
      return tasks->check(check, {words, stop});
    };
  }
  if (effect.kind == "hook") {
    std::vector<std::string> argv;
    for (const Value& word : effect.args.find("argv")->as_list()) argv.push_back(word.as_string());
    return [=](const Stop& stop) { return tasks->hook(argv, {words, stop}); };
  }
  if (effect.kind == "smoke")
    return [=, file = effect.args.find("file")->as_string()](const Stop& stop) {
      return tasks->smoke(file, {words, stop});
    };
  return [=, load = *effect.args.find("load")](const Stop& stop) {
    return tasks->load(load, {words, stop});
  };
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

// How far back a metric is asked for what was before the first step.
Duration Runner::reach_before(const MetricModel& metric) const {
  Duration reach = metric.window;
  for (const RuleModel& rule : strategy_.model.rules) {
    if (rule.over && rule.when.find("before." + metric.name) != std::string::npos)
      reach = std::max(reach, *rule.over);
  }
  return reach;
}

// The same queries over the stretch before the first step, of what ran then.
BackgroundTask::Deed Runner::measure_before() {
  const Instant now = world_.clock.now();
  std::map<std::string, Readings::Question> questions;
  for (const MetricModel& metric : strategy_.model.metrics) {
    if (!providers_.metrics.contains(metric.name) || rollout_.is_first) continue;
    Query query = query_of(metric, "stable", now);
    Value cursor = cursor_of(metric.name + "/stable");
    if (metric.has_history) {
      query.from = now - reach_before(metric);
      cursor = {};
    }
    questions[metric.name] = question_of(metric.name, {{query, cursor}});
  }
  return [this, now, questions](const Stop&) {
    const auto how = settings_.in_background ? std::launch::async : std::launch::deferred;
    std::vector<std::future<Readings::Answer>> asked;
    for (const auto& [metric, question] : questions) asked.push_back(std::async(how, question));
    std::vector<Readings::Answer> answers;
    for (std::future<Readings::Answer>& one : asked) answers.push_back(one.get());
    return TaskResult{true, "", numbers_before(answers, now)};
  };
}

// By a thread of its own: it touches nothing that changes.
Map Runner::numbers_before(const std::vector<Readings::Answer>& answers, Instant now) const {
  Map numbers;
  for (const MetricModel& metric : strategy_.model.metrics) {
    const Duration reach = reach_before(metric);
    Windows windows(reach);
    for (const Readings::Answer& answer : answers) {
      for (const Sample& s : answer.samples) {
        if (s.metric == metric.name) windows.add(s);
      }
    }
    const auto number = windows.number(metric.name, "stable", {now, reach, false, 1});
    if (number) numbers[metric.name] = *number;
  }
  return numbers;
}

}  // namespace autopilot::deploy
