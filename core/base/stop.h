#pragma once
// Tells work in other threads that nobody waits for it any more.

#include <atomic>

namespace autopilot {

class Stop {
 public:
  Stop();
  ~Stop();
  Stop(const Stop&) = delete;
  Stop& operator=(const Stop&) = delete;

  void ask();  // once and for all
  bool is_asked() const { return asked_; }
  // Readable from then on; -1 where there are no descriptors left.
  int descriptor() const { return descriptor_; }

 private:
  std::atomic<bool> asked_{false};
  const int descriptor_;
};

}  // namespace autopilot
