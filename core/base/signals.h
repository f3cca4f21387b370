#pragma once
// Signals that are read like bytes, while it lives, instead of doing what they do.

#include <signal.h>

#include <initializer_list>
#include <vector>

namespace autopilot {

class CaughtSignals {
 public:
  explicit CaughtSignals(std::initializer_list<int> signals);
  ~CaughtSignals();
  CaughtSignals(const CaughtSignals&) = delete;
  CaughtSignals& operator=(const CaughtSignals&) = delete;

  int descriptor() const { return descriptor_; }  // readable once one came
  bool any_came() const;                          // and was not taken
  // Those that came. One that is left would have its effect as soon as they are let through again.
  std::vector<int> take();

 private:
  sigset_t signals_{}, before_{};
  int descriptor_ = -1;
};

}  // namespace autopilot
