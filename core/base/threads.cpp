#include "core/base/threads.h"

#include <algorithm>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace autopilot {

constexpr unsigned kMostThreads = 8;

std::size_t workers_for(std::size_t items) {
  return std::min<std::size_t>(items,
                               std::clamp(std::thread::hardware_concurrency(), 1u, kMostThreads));
}

void share_out(std::size_t items, std::size_t workers, const Work& work) {
  std::mutex mutex;
  std::size_t next = 0;
  std::exception_ptr fault;
  const auto loop = [&](std::size_t worker) {
    for (;;) {
      std::size_t item = 0;
      {
        const std::lock_guard guard(mutex);
        if (fault != nullptr || next == items) return;
        item = next++;
      }
      try {
        work(worker, item);
      } catch (...) {
        const std::lock_guard guard(mutex);
        if (fault == nullptr) fault = std::current_exception();
      }
    }
  };
  std::vector<std::thread> helpers;
  helpers.reserve(workers);
  try {
    for (std::size_t i = 1; i < workers; ++i) helpers.emplace_back(loop, i);
  } catch (const std::system_error&) {  // the system grants no more: those there do the work
  }
  loop(0);
  for (std::thread& t : helpers) t.join();
  if (fault != nullptr) std::rethrow_exception(fault);
}

}  // namespace autopilot
