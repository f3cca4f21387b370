#include "core/deploy/background_task.h"

#include <chrono>
#include <utility>

namespace autopilot::deploy {

BackgroundTask::~BackgroundTask() {
  keep_only(0);
  if (result_.valid()) result_.wait();
}

bool BackgroundTask::has_ended(Duration most) const {
  return result_.wait_for(std::chrono::nanoseconds(most.nanos)) == std::future_status::ready;
}

bool BackgroundTask::begin(std::int64_t effect, Deed deed) {
  if (result_.valid() && (is_wanted_ || !has_ended({}))) return false;
  stop_ = std::make_unique<Stop>();
  effect_ = effect;
  is_wanted_ = true;
  if (in_background_) {
    result_ = std::async(std::launch::async,
                         [deed = std::move(deed), stop = stop_.get()] { return deed(*stop); });
    return true;
  }
  std::promise<TaskResult> ended;
  ended.set_value(deed(*stop_));
  result_ = ended.get_future();
  return true;
}

void BackgroundTask::keep_only(std::int64_t effect) {
  if (!is_wanted_ || effect_ == effect) return;
  is_wanted_ = false;
  stop_->ask();
}

std::optional<EffectResult> BackgroundTask::take(Duration most) {
  if (!is_wanted_ || !has_ended(most)) return std::nullopt;
  is_wanted_ = false;
  TaskResult result = result_.get();
  return EffectResult{effect_, result.ok, std::move(result.why), std::move(result.data)};
}

}  // namespace autopilot::deploy
