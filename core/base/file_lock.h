#pragma once
// An exclusive advisory lock on a file (flock), for one scope. The kernel frees it when its holder
// dies, however it dies. It serialises processes and threads that open the file each for
// themselves.

#include <optional>
#include <string>

#include "core/base/time.h"

namespace autopilot {

// Owns a descriptor of `path`, which is created with mode 0600 when absent and never removed. Not
// thread-safe.
class FileLock {
 public:
  explicit FileLock(std::string path);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

  // Waits until the lock is free; with a timeout at most about that long. Throws Error(locked) when
  // it stays taken and Error(storage) when the file can't be opened. REQUIRES !held().
  void acquire(std::optional<Duration> timeout = std::nullopt);
  // Waits about `patience` at most. A little of it belongs to a lock that a killed process held:
  // the child it was starting keeps the descriptor until its exec.
  bool try_acquire(Duration patience = {});
  void release();
  bool held() const { return held_; }
  const std::string& path() const { return path_; }

 private:
  void open();
  bool is_current() const;
  enum class Wait { none, one_interrupt, for_ever };  // one_interrupt: until a signal comes
  bool lock_once(Wait wait);

  std::string path_;
  int fd_ = -1;
  bool held_ = false;
};

}  // namespace autopilot
