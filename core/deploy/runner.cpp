#include "core/deploy/runner.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.h"
#include "core/deploy/spec.h"

namespace autopilot::deploy {
namespace {

constexpr Duration kPoll = Duration::milliseconds(500);      // how soon a request is seen
constexpr Duration kPatience = Duration::milliseconds(300);  // what answers are waited for at once
constexpr Duration kHealthPause = Duration::seconds(1);      // between readings in a burst
constexpr int kBurst = 3;                                    // readings of a tick
constexpr Duration kSignOfLife = Duration::seconds(15);
constexpr Duration kTickWait = Duration::seconds(20);  // what a tick waits for a canary to be well

}  // namespace

Runner::Runner(Journal& journal, Providers& providers, World& world, const std::string& rollout,
               JudgeFunction judge, RunnerSettings settings)
    : journal_(journal),
      providers_(providers),
      world_(world),
      settings_(std::move(settings)),
      rollout_(journal.load(rollout)),
      strategy_(rollout_, std::move(judge)),
      readings_(world.clock, settings_.in_background),
      task_(settings_.in_background) {
  for (const MetricModel& metric : strategy_.model.metrics) asking_[metric.name];
}

Runner::~Runner() {
  if (providers_.stop != nullptr) providers_.stop->ask();
}

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

// Seen at once, however seldom health is asked for.
bool Runner::canary_is_gone() const {
  return rollout_.phase == Phase::forward && rollout_.canary_health.is_well &&
         providers_.process->has_ended(slot(rollout_.canary));
}

// ---- the loop

bool Runner::is_due() const {
  const Instant now = world_.clock.now();
  return !asked_ || now - *asked_ >= strategy_.model.interval || now < *asked_;
}

void Runner::run() {
  Observation first;
  look(first);
  pass(std::move(first));
  while (!rollout_.is_over()) {
    if (settings_.watch && !settings_.watch(rollout_)) return;
    go_on();
    if (!rollout_.is_over()) world_.clock.sleep(kPoll);
  }
  if (settings_.watch) settings_.watch(rollout_);
}

// Looks, measures what is due, and does what follows.
void Runner::go_on() {
  const bool due = is_due();
  if (due) ask_metrics();
  if (due || is_waiting_for_health() || canary_is_gone()) {
    ask_health();
    readings_.wait(kPatience);
  }
  Observation seen;
  gather(seen);
  look(seen);
  if (due) look_at_split(seen);
  pass(std::move(seen));
}

// Goes on until what a step does has ended, or is wanted no more; false when `watch` says no.
bool Runner::finish_work() {
  while (rollout_.outstanding) {
    if (settings_.watch && !settings_.watch(rollout_)) return false;
    world_.clock.sleep(kPoll);
    go_on();
  }
  return true;
}

// A tick has all the time that answers take, but people's requests don't wait for them, nor does
// the way back.
bool Runner::wait_for_answers() {
  while (rollout_.phase == Phase::forward && !readings_.wait(kPoll)) {
    if (!journal_.requests(rollout_.id, rollout_.last_request).empty()) return false;
    journal_.keep_lease(Duration{});
  }
  return true;
}

void Runner::tick() {
  Observation first;  // a reboot, requests, what was left undone
  look(first);
  pass(std::move(first));
  if (!finish_work()) return;
  const Instant begin = world_.clock.now();
  while (!rollout_.is_over()) {
    ask_metrics();
    Observation seen;
    for (int i = 0; i < kBurst; ++i) {
      if (i > 0) world_.clock.sleep(kHealthPause);
      ask_health();
      if (!wait_for_answers()) break;
      gather(seen);
    }
    gather(seen);
    look(seen);
    look_at_split(seen);
    const std::int64_t stage = rollout_.stage;
    const Phase phase = rollout_.phase;
    pass(std::move(seen));
    if (!finish_work()) return;
    const bool moved = rollout_.stage != stage || rollout_.phase != phase;
    const bool starting = rollout_.doing == "started" || rollout_.recovering > 0;
    if (!moved && !(starting && world_.clock.now() - begin < kTickWait)) return;
  }
}

void Runner::act() {
  for (;;) {
    Observation seen;
    if (is_waiting_for_health()) {
      ask_health();
      readings_.wait(kPatience);
      gather(seen);
    }
    look(seen);
    const Phase phase = rollout_.phase;
    const std::string doing = rollout_.doing;
    pass(std::move(seen));
    if (!finish_work()) return;
    if (settings_.watch && !settings_.watch(rollout_)) return;
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
    task_.keep_only(next ? next->id : 0);
    const bool is_left = first && left && next && next->id == left->id;
    if (!next || (stepped.effects.empty() && !is_left) || task_.is_doing(next->id)) return;
    point("before effect " + next->kind);
    std::optional<EffectResult> result = perform(*next);
    if (!result) return;  // it goes on beside this
    point("after effect " + next->kind);
    seen = {};
    look(seen);
    seen.results.push_back(std::move(*result));
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
  if (std::optional<EffectResult> result = task_.take({})) seen.results.push_back(*result);
}

}  // namespace autopilot::deploy
