#include "core/base/file_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "core/base/error.h"

namespace autopilot {
namespace {

constexpr Duration kTick = Duration::milliseconds(100);

void on_tick(int) {}

// While one lives, the blocking calls of this thread are interrupted (EINTR) every kTick: a wait in
// the kernel's queue that can be given up, without the pauses of asking again and again.
class Ticks {
 public:
  Ticks() {
    struct sigaction action {};
    action.sa_handler = on_tick;  // stays: a last tick may come late
    ::sigaction(SIGALRM, &action, nullptr);
    sigevent event{};
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = SIGALRM;
    event._sigev_un._tid = ::gettid();
    started_ = ::timer_create(CLOCK_MONOTONIC, &event, &timer_) == 0;
    const timespec each{0, kTick.nanos};
    const itimerspec times{each, each};
    started_ = started_ && ::timer_settime(timer_, 0, &times, nullptr) == 0;
    if (!started_) throw Error(ErrorKind::storage, "cannot start a timer to wait for a lock with");
  }
  ~Ticks() { ::timer_delete(timer_); }
  Ticks(const Ticks&) = delete;
  Ticks& operator=(const Ticks&) = delete;

 private:
  timer_t timer_{};
  bool started_ = false;
};

}  // namespace

FileLock::FileLock(std::string path) : path_(std::move(path)) {}

FileLock::~FileLock() {
  if (fd_ >= 0) ::close(fd_);
}

void FileLock::open() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd_ < 0) {
    throw Error(ErrorKind::storage,
                fmt::format("cannot open the lock file {}: {}", path_, std::strerror(errno)),
                "the state needs a folder that you may write; --state names another file");
  }
}

// Whether the file that is locked is still the one that others would open.
bool FileLock::is_current() const {
  struct stat mine {};
  struct stat named {};
  return ::fstat(fd_, &mine) == 0 && ::stat(path_.c_str(), &named) == 0 &&
         mine.st_ino == named.st_ino && mine.st_dev == named.st_dev;
}

bool FileLock::lock_once(Wait wait) {
  for (;;) {
    if (fd_ < 0) open();
    if (::flock(fd_, wait == Wait::none ? LOCK_EX | LOCK_NB : LOCK_EX) != 0) {
      if (errno == EINTR && wait == Wait::one_interrupt) return false;
      if (errno == EINTR) continue;
      if (errno == EWOULDBLOCK) return false;
      throw Error(ErrorKind::storage,
                  fmt::format("cannot lock {}: {}", path_, std::strerror(errno)),
                  "file locks need a local file system");
    }
    if (is_current()) return held_ = true;
    open();  // the file was replaced meanwhile: lock the new one
  }
}

bool FileLock::try_acquire(Duration patience) {
  if (lock_once(Wait::none)) return true;
  if (patience.nanos <= 0) return false;
  const Ticks ticks;
  for (Duration waited; waited < patience; waited.nanos += kTick.nanos) {
    if (lock_once(Wait::one_interrupt)) return true;
  }
  return false;
}

void FileLock::acquire(std::optional<Duration> timeout) {
  if (!timeout) {
    lock_once(Wait::for_ever);
    return;
  }
  if (try_acquire(*timeout)) return;
  throw Error(ErrorKind::locked,
              fmt::format("{} is still locked by another process after {}", path_,
                          format_duration(*timeout)),
              "wait for the other autopilot to end, or stop it");
}

void FileLock::release() {
  if (held_) ::flock(fd_, LOCK_UN);
  held_ = false;
}

}  // namespace autopilot
