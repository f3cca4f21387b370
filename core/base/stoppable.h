#pragma once
// A World for work that may be told to stop: then its programs are ended (SIGTERM to their session,
// SIGKILL after their grace), its requests given up and its sleeps cut short, and nothing new
// begins. Whatever it waits for fails soon after; what it made of that is of no use.

#include <memory>

#include "core/base/stop.h"
#include "core/base/world.h"

namespace autopilot {

class StoppableWorld {
 public:
  // Borrows the parts of `world`, and `stop`.
  StoppableWorld(const World& world, const Stop& stop);
  ~StoppableWorld();
  World& world();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace autopilot
