#include "core/deploy/background_look.h"

#include <algorithm>
#include <chrono>

namespace autopilot::deploy {
namespace {

constexpr std::int64_t kPauseShare = 10;                // of the time that a look took
constexpr std::int64_t kShortestPause = 1'000'000'000;  // nanoseconds

}  // namespace

BackgroundLook::~BackgroundLook() { forget(); }

void BackgroundLook::forget() {
  if (under_way_.valid()) under_way_.wait();
  under_way_ = {};
  newest_.reset();
}

BackgroundLook::Seen BackgroundLook::look_now() const {
  const std::int64_t begun = now_();
  Running running = look_();
  return {std::move(running), begun, now_()};
}

Running BackgroundLook::newest() {
  if (!newest_) newest_ = look_now();
  if (under_way_.valid()) {
    if (under_way_.wait_for(std::chrono::seconds(0)) == std::future_status::ready)
      newest_ = under_way_.get();
    return newest_->running;
  }
  const std::int64_t pause =
      std::max(kShortestPause, kPauseShare * (newest_->ended - newest_->begun));
  if (now_() - newest_->ended >= pause)
    under_way_ = std::async(std::launch::async, [this] { return look_now(); });
  return newest_->running;
}

}  // namespace autopilot::deploy
