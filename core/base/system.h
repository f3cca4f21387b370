#pragma once
// The real World: POSIX clock, files, environment and kernel randomness. Built once, in
// cli/main.cpp.

#include <memory>

#include "core/base/world.h"

namespace autopilot {

// Owns the four parts; `world()` stays valid as long as it lives.
class System {
 public:
  System();
  ~System();
  World& world();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace autopilot
