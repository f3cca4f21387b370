#pragma once
// Carries a rollout on: looks, lets the machine decide, writes it down, does what it says, writes
// down what came of it. May be killed between any two of these; the next one goes on from the
// journal, does again what was not confirmed, and ends at the same place.

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "core/deploy/background_task.h"
#include "core/deploy/journal.h"
#include "core/deploy/providers.h"
#include "core/deploy/readings.h"

namespace autopilot::deploy {

struct RunnerSettings {
  // Called between any two writes and deeds with what is next; tests stop a process there.
  std::function<void(std::string_view point)> at_point;
  // Called after each look, for a view; false ends the loop.
  std::function<bool(const Rollout&)> watch;
  // Metrics and health are asked by threads, which do the work of steps, too: providers and world
  // must stand that.
  bool in_background = false;
};

class Runner {
 public:
  // REQUIRES that the journal holds the rollout's lease.
  Runner(Journal& journal, Providers& providers, World& world, const std::string& rollout,
         JudgeFunction judge, RunnerSettings settings = {});
  // Tells what is under way to stop, and waits for its end, which comes soon.
  ~Runner();
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;

  // Until the rollout is over, or `watch` says so.
  void run();
  // Everything that is due now, measuring included, and no longer: the work of a step is done to
  // its end, for which each has its limit.
  void tick();
  // What people asked for and what that leads to, without measuring: returns when nothing more can
  // be done at once.
  void act();

  const Rollout& rollout() const { return rollout_; }
  const Strategy& strategy() const { return strategy_; }

 private:
  void pass(Observation seen);
  bool is_worth_writing(const Stepped& stepped, const Observation& seen) const;
  void look(Observation& seen);
  bool is_due() const;
  void go_on();
  bool finish_work();
  bool wait_for_answers();
  // runner_measure.cpp
  Query query_of(const MetricModel& metric, const std::string& arm, Instant now);
  Value cursor_of(const std::string& key) const;
  Readings::Question question_of(const std::string& metric,
                                 std::vector<std::pair<Query, Value>> queries);
  void ask_metrics();
  void ask_health();
  void ask_health_of(const std::string& arm, const std::string& slot);
  void gather(Observation& seen);
  void forget_health();
  void look_at_split(Observation& seen);
  // runner_effects.cpp
  std::optional<EffectResult> perform(const Effect& effect);
  std::optional<EffectResult> begin_task(const Effect& effect);
  EffectResult perform_kind(const Effect& effect);
  BackgroundTask::Deed deed_of(const Effect& effect);
  Split split_of(const Routing& routing) const;
  EffectResult set_weight(const Effect& effect);
  EffectResult ask(const Effect& effect);
  Duration reach_before(const MetricModel& metric) const;
  BackgroundTask::Deed measure_before();
  Map numbers_before(const std::vector<Readings::Answer>& answers, Instant now) const;
  void install();
  void point(std::string_view name) const;
  Slot slot(const std::string& name) const;
  std::string version_in(const std::string& slot) const;
  bool is_waiting_for_health() const;
  bool canary_is_gone() const;

  Journal& journal_;
  Providers& providers_;
  World& world_;
  RunnerSettings settings_;
  Rollout rollout_;
  Strategy strategy_;
  bool installed_ = false;
  std::optional<Instant> asked_;      // when metrics were asked last
  Instant told_;                      // likewise, of what the machine was told of
  std::int64_t next_split_look_ = 0;  // on the monotonic clock
  // As last stepped to, and when it was last written.
  Phase phase_ = Phase::forward;
  std::int64_t stage_ = -1;
  std::string doing_;
  std::optional<Instant> written_;
  // What threads use ends after them.
  std::map<std::string, std::mutex> asking_;  // by metric: a source is asked one thing at a time
  Readings readings_;
  BackgroundTask task_;
};

}  // namespace autopilot::deploy
