// Locks between processes: who waits, how long, and what the dead leave behind.
#include "core/base/file_lock.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "core/base/error.h"
#include "tests/state/scratch.h"

namespace autopilot {
namespace {

using autopilot::testing::Scratch;

class FileLockTest : public ::testing::Test {
 protected:
  ~FileLockTest() override {
    if (child_ > 0) ::kill(child_, SIGKILL), ::waitpid(child_, nullptr, 0);
  }

  // A child that keeps what it inherits, as between fork and exec, until `go` is closed.
  void fork_a_keeper() {
    ASSERT_EQ(::pipe(go_), 0);
    child_ = ::fork();
    ASSERT_GE(child_, 0);
    if (child_ > 0) return;
    ::close(go_[1]);
    char byte;
    ::_exit(::read(go_[0], &byte, 1) == 0 ? 0 : 1);
  }
  void let_it_go() {
    ::close(go_[1]);
    ::waitpid(child_, nullptr, 0);
    child_ = 0;
  }

  Scratch scratch_;
  const std::string path_ = scratch_.path("lock");
  pid_t child_ = 0;
  int go_[2] = {-1, -1};
};

TEST_F(FileLockTest, is_for_one_at_a_time) {
  FileLock first(path_);
  FileLock second(path_);
  ASSERT_TRUE(first.try_acquire());
  EXPECT_FALSE(second.try_acquire());
  EXPECT_FALSE(second.try_acquire(Duration::milliseconds(150)));
  first.release();
  EXPECT_TRUE(second.try_acquire());
}

TEST_F(FileLockTest, says_which_file_stays_locked) {
  FileLock first(path_);
  FileLock second(path_);
  first.acquire();
  try {
    second.acquire(Duration::milliseconds(100));
    FAIL() << "acquired twice";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::locked);
    EXPECT_NE(std::string(error.what()).find(path_), std::string::npos);
  }
}

TEST_F(FileLockTest, patience_outlasts_the_child_that_a_killed_holder_was_starting) {
  {
    FileLock killed(path_);
    ASSERT_TRUE(killed.try_acquire());
    fork_a_keeper();
  }
  FileLock next(path_);
  EXPECT_FALSE(next.try_acquire()) << "the keeper holds it";
  std::thread end([this] { let_it_go(); });
  EXPECT_TRUE(next.try_acquire(Duration::seconds(20)));
  end.join();
}

}  // namespace
}  // namespace autopilot
