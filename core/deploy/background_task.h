#pragma once
// What a step does beside the loop that carries the rollout on: a check, a hook, a smoke test,
// load. One at a time, by a thread of its own, so that people and rules are heard meanwhile; it is
// cut off when the rollout wants it no more.

#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <optional>

#include "core/base/stop.h"
#include "core/deploy/providers.h"

namespace autopilot::deploy {

class BackgroundTask {
 public:
  // Returns soon once it is told to stop.
  using Deed = std::function<TaskResult(const Stop&)>;

  // In the background what deeds use must stand being used by another thread, and outlive this.
  // Otherwise a deed is done as it begins.
  explicit BackgroundTask(bool in_background) : in_background_(in_background) {}
  ~BackgroundTask();  // cuts off what is under way, and waits for its end
  BackgroundTask(const BackgroundTask&) = delete;
  BackgroundTask& operator=(const BackgroundTask&) = delete;

  // Begins the deed of an effect. False, and nothing is done, while the one before has not ended.
  bool begin(std::int64_t effect, Deed deed);
  bool is_doing(std::int64_t effect) const { return is_wanted_ && effect_ == effect; }
  // Cuts off what is done for any other effect: its result never comes.
  void keep_only(std::int64_t effect);
  // What came of it, once, if it ends within so long. Throws what the deed threw.
  std::optional<EffectResult> take(Duration most);

 private:
  bool has_ended(Duration most) const;

  const bool in_background_;
  std::unique_ptr<Stop> stop_;
  std::future<TaskResult> result_;
  std::int64_t effect_ = 0;
  bool is_wanted_ = false;
};

}  // namespace autopilot::deploy
