#include "core/base/threads.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <vector>

namespace autopilot {
namespace {

TEST(threads, each_item_is_done_once_by_a_worker_that_there_is) {
  for (const std::size_t items : {0u, 1u, 2u, 1000u}) {
    std::vector<std::atomic<int>> done(items);
    std::atomic<std::size_t> last_worker = 0;
    share_out(items, 3, [&](std::size_t worker, std::size_t item) {
      ++done[item];
      if (worker > last_worker) last_worker = worker;
    });
    for (const auto& times : done) EXPECT_EQ(times, 1);
    EXPECT_LT(last_worker, 3u);
  }
}

TEST(threads, what_a_worker_threw_is_thrown_once_all_have_ended) {
  std::atomic<int> running = 0;
  const auto work = [&](std::size_t, std::size_t item) {
    ++running;
    const bool fails = item == 500;
    --running;
    if (fails) throw std::runtime_error("item 500");
  };
  try {
    share_out(1000, 4, work);
    FAIL() << "nothing was thrown";
  } catch (const std::runtime_error& e) {
    EXPECT_STREQ(e.what(), "item 500");
  }
  EXPECT_EQ(running, 0);
}

TEST(threads, there_are_no_more_workers_than_items) {
  EXPECT_EQ(workers_for(0), 0u);
  EXPECT_EQ(workers_for(1), 1u);
  EXPECT_GE(workers_for(100), 1u);
  EXPECT_LE(workers_for(100), 8u);
}

}  // namespace
}  // namespace autopilot
