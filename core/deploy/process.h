#pragma once
// What runs in a slot: started, stopped, looked at. Providers: exec (a program of yours), systemd,
// compose, kubernetes. Every call is idempotent; what was started outlives autopilot and is found
// again by any later process.

#include <cstdint>
#include <memory>
#include <string>

#include "core/base/value.h"
#include "core/base/world.h"
#include "core/deploy/slot.h"

namespace autopilot::deploy {

struct Running {
  bool running = false;
  std::string version;   // "" when it cannot be told
  std::int64_t pid = 0;  // of the leader; 0 when it is not on this host
  std::string started;   // tells this run from another one in the same slot
  std::string why;       // what is known when it does not run: "exited", "killed by a reboot"
  bool is_known = true;  // false: who could tell was not reached; `why` says who
};

class Process {
 public:
  virtual ~Process() = default;

  // After it `version` runs in the slot: nothing is done when it does already, another version is
  // stopped first (with the grace of the spec). Does not wait for health. Throws Error(outside).
  virtual void start(const Slot& slot, const std::string& version) = 0;
  // Asks, waits up to `grace`, then ends what is left. Nothing that ran in the slot runs after it.
  virtual void stop(const Slot& slot, Duration grace) = 0;
  virtual Running observe(const Slot& slot) = 0;
  // As observe(), but where that goes to other machines it does not wait for them: what it tells
  // may be some looks old, never older than the last start or stop.
  virtual Running glance(const Slot& slot) { return observe(slot); }
  // What was started there ended by itself, and nothing starts it again. Costs next to nothing;
  // false where that cannot be told at once.
  virtual bool has_ended(const Slot& /*slot*/) { return false; }
};

// Throws Error(invalid) unless it can stand in words, paths and files of variables.
void check_version(const std::string& version);

// `spec` is the `process:` of a Deployment, already checked. REQUIRES that `world` outlives it.
std::unique_ptr<Process> make_process(const Value& spec, const Site& site, World& world);

}  // namespace autopilot::deploy
