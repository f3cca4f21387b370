#include "core/evaluate/threads.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

namespace autopilot::evaluate {

void share_out(std::size_t count, const std::function<void(std::size_t)>& work) {
  constexpr std::size_t kMostThreads = 8;
  const std::size_t threads =
      std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, kMostThreads);
  std::atomic<std::size_t> next = 0;
  const auto take = [&] {
    for (std::size_t i = next++; i < count; i = next++) work(i);
  };
  std::vector<std::thread> helpers;
  for (std::size_t t = 1; t < std::min(threads, count); ++t) helpers.emplace_back(take);
  take();
  for (std::thread& t : helpers) t.join();
}

}  // namespace autopilot::evaluate
