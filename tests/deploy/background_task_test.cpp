// One thing that is done beside a loop, and cut off.
#include "core/deploy/background_task.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "core/base/error.h"

namespace autopilot::deploy {
namespace {

constexpr Duration kLong = Duration::seconds(20);

// Hangs until it is told to stop.
TaskResult hang(const Stop& stop) {
  pollfd told{stop.descriptor(), POLLIN, 0};
  ::poll(&told, 1, 60'000);
  return {stop.is_asked(), "it was cut off", {}};
}

TaskResult succeed(const Stop&) { return {true, "", Map{{"answer", 42}}}; }

TEST(BackgroundTask, its_result_comes_once) {
  BackgroundTask task(true);
  EXPECT_TRUE(task.begin(7, succeed));
  EXPECT_TRUE(task.is_doing(7));
  EXPECT_FALSE(task.is_doing(8));
  const std::optional<EffectResult> result = task.take(kLong);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->id, 7);
  EXPECT_TRUE(result->ok);
  EXPECT_EQ(result->data.find("answer")->as_int(), 42);
  EXPECT_FALSE(task.take({}));
  EXPECT_FALSE(task.is_doing(7));
}

TEST(BackgroundTask, what_is_wanted_goes_on_and_nothing_else_begins) {
  BackgroundTask task(true);
  EXPECT_TRUE(task.begin(1, hang));
  task.keep_only(1);
  EXPECT_FALSE(task.take(Duration::milliseconds(20)));
  EXPECT_TRUE(task.is_doing(1));
  EXPECT_FALSE(task.begin(2, succeed));
  EXPECT_TRUE(task.is_doing(1));
}

TEST(BackgroundTask, what_is_cut_off_has_no_result_and_the_next_begins_once_it_has_ended) {
  BackgroundTask task(true);
  std::atomic<bool> is_deaf{true};
  EXPECT_TRUE(task.begin(1, [&](const Stop&) {
    while (is_deaf) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return TaskResult{true, "", {}};
  }));
  task.keep_only(0);
  EXPECT_FALSE(task.is_doing(1));
  EXPECT_FALSE(task.begin(2, succeed)) << "two at once";
  is_deaf = false;
  bool begun = false;
  for (int i = 0; i < 2000 && !begun; ++i) {
    begun = task.begin(2, succeed);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  ASSERT_TRUE(begun);
  const std::optional<EffectResult> result = task.take(kLong);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->id, 2);
}

TEST(BackgroundTask, its_end_is_waited_for_at_the_end_and_comes_soon) {
  const auto begun = std::chrono::steady_clock::now();
  {
    BackgroundTask task(true);
    EXPECT_TRUE(task.begin(1, hang));
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(20));
}

TEST(BackgroundTask, what_it_throws_is_thrown_when_it_is_taken) {
  BackgroundTask task(true);
  EXPECT_TRUE(task.begin(1, [](const Stop&) -> TaskResult { throw Error(ErrorKind::bug, "no"); }));
  EXPECT_THROW(task.take(kLong), Error);
  EXPECT_TRUE(task.begin(2, succeed));
}

TEST(BackgroundTask, without_threads_it_is_done_as_it_begins) {
  BackgroundTask task(false);
  EXPECT_TRUE(task.begin(1, succeed));
  EXPECT_TRUE(task.take({}));
}

}  // namespace
}  // namespace autopilot::deploy
