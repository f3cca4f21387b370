// What a rollout is judged by: metrics, health, and what the proxy really does.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/deploy/deltas.h"
#include "core/deploy/runner.h"
#include "core/deploy/spec.h"

namespace autopilot::deploy {
namespace {

constexpr std::int64_t kSplitLookShare = 20;  // looks at the split take a twentieth of the time
constexpr Duration kLate = Duration::seconds(1);
// What readings are of.
constexpr char kMetric[] = "metric ";
constexpr char kHealth[] = "health ";

}  // namespace

Query Runner::query_of(const MetricModel& metric, const std::string& arm, Instant now) {
  const std::string& where = arm == "canary" ? rollout_.canary : rollout_.stable;
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
  return query;
}

Value Runner::cursor_of(const std::string& key) const {
  const Value* cursor = rollout_.cursors.find(key);
  return cursor == nullptr ? Value() : *cursor;
}

void Runner::ask_metrics() {
  asked_ = world_.clock.now();
  for (const MetricModel& metric : strategy_.model.metrics) {
    if (!providers_.metrics.contains(metric.name)) continue;
    std::vector<std::pair<Query, Value>> questions;
    for (const std::string arm : {"canary", "stable"}) {
      if (arm == "stable" && rollout_.is_first) continue;
      questions.emplace_back(query_of(metric, arm, *asked_), cursor_of(metric.name + "/" + arm));
    }
    readings_.ask(kMetric + metric.name, question_of(metric.name, std::move(questions)));
  }
}

Readings::Question Runner::question_of(const std::string& metric,
                                       std::vector<std::pair<Query, Value>> queries) {
  return [source = providers_.metrics.at(metric).get(), one_at_a_time = &asking_.at(metric),
          queries = std::move(queries)] {
    const std::lock_guard lock(*one_at_a_time);
    Readings::Answer answer;
    for (const auto& [query, cursor] : queries) {
      Taken taken = read_samples(*source, query, cursor);
      for (Sample& sample : taken.samples) answer.samples.push_back(std::move(sample));
      answer.cursors[query.metric + "/" + query.arm] = std::move(taken.cursor);
    }
    return answer;
  };
}

void Runner::ask_health() {
  ask_health_of("canary", rollout_.canary);
  if (!rollout_.is_first) ask_health_of("stable", rollout_.stable);
}

void Runner::ask_health_of(const std::string& arm, const std::string& where) {
  const Slot at = slot(where);
  const Running running = providers_.process->glance(at);
  const bool has_ended = !running.running && providers_.process->has_ended(at);
  Health* const health = providers_.health.get();
  readings_.ask(kHealth + arm, [health, arm, at, running, has_ended, version = version_in(where)] {
    HealthReading reading{{}, running.running, running.why, has_ended};
    // That a machine cannot be asked is no fault of what serves there: its health tells.
    if ((running.running || !running.is_known) && health != nullptr) {
      const HealthAnswer answer = health->check(at, version);
      reading.healthy = answer.healthy;
      reading.why = answer.why;
    } else if (!running.running && reading.why.empty()) {
      reading.why = "it does not run";
    }
    Readings::Answer answer;
    (arm == "canary" ? answer.canary : answer.stable).push_back(std::move(reading));
    return answer;
  });
}

// All that has come, and what should have come by now and has not.
void Runner::gather(Observation& seen) {
  const Instant now = world_.clock.now();
  Map cursors = rollout_.cursors;
  bool has_numbers = false;
  for (Readings::Answer& answer : readings_.take()) {
    has_numbers |= !answer.cursors.empty();
    for (Sample& sample : answer.samples) {
      if (!sample.no_data.empty()) sample.to = std::max(sample.to, now);  // known only now
      seen.samples.push_back(std::move(sample));
    }
    for (auto& [key, cursor] : answer.cursors) cursors[key] = std::move(cursor);
    for (const HealthReading& one : answer.canary)
      seen.canary.push_back({now, one.healthy, one.why, one.has_ended});
    for (const HealthReading& one : answer.stable)
      seen.stable.push_back({now, one.healthy, one.why, one.has_ended});
  }
  if (!has_numbers && (!asked_ || *asked_ == told_)) return;
  told_ = asked_.value_or(now);
  seen.measured = now;
  seen.cursors = std::move(cursors);
  for (const auto& [subject, at] : readings_.unanswered()) {
    if (!subject.starts_with(kMetric) || now - at < kLate) continue;
    for (const std::string arm : {"canary", "stable"}) {
      Sample none{subject.substr(std::string_view(kMetric).size()), arm, at, now, 0, 0, {}, {}};
      none.no_data =
          fmt::format("it was asked {} ago and has not answered yet",
                      format_duration(Duration::seconds((now - at).nanos / 1'000'000'000)));
      seen.samples.push_back(std::move(none));
    }
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
  seen.split_holds = check.holds;
  if (!check.holds) seen.drift = "the split is not as recorded: " + check.why;
}

// What was asked before a deed says nothing about what is so after it.
void Runner::forget_health() {
  readings_.forget(std::string(kHealth) + "canary");
  readings_.forget(std::string(kHealth) + "stable");
}

}  // namespace autopilot::deploy
