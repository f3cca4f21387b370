#include "core/base/file_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
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

void sleep_for(Duration pause) {
  timespec left{static_cast<time_t>(pause.nanos / 1'000'000'000),
                static_cast<long>(pause.nanos % 1'000'000'000)};
  while (::nanosleep(&left, &left) != 0 && errno == EINTR) {
  }
}

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

bool FileLock::lock_once(bool wait) {
  for (;;) {
    if (fd_ < 0) open();
    if (::flock(fd_, wait ? LOCK_EX : LOCK_EX | LOCK_NB) != 0) {
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

bool FileLock::try_acquire() { return lock_once(false); }

void FileLock::acquire(std::optional<Duration> timeout) {
  if (!timeout) {
    lock_once(true);
    return;
  }
  Duration pause = Duration::milliseconds(1);
  for (Duration waited; !lock_once(false); waited.nanos += pause.nanos) {
    if (waited >= *timeout) {
      throw Error(ErrorKind::locked,
                  fmt::format("{} is still locked by another process after {}", path_,
                              format_duration(*timeout)),
                  "wait for the other autopilot to end, or stop it");
    }
    pause.nanos = std::min(pause.nanos * 2, Duration::milliseconds(20).nanos);
    sleep_for(pause);
  }
}

void FileLock::release() {
  if (held_) ::flock(fd_, LOCK_UN);
  held_ = false;
}

}  // namespace autopilot
