#pragma once
// Whether what runs in a slot answers. One check is an answer or none; the state turns over only
// after as many equal answers in a row as the spec wants, so that one lost packet is no outage.

#include <memory>
#include <string>

#include "core/base/value.h"
#include "core/base/world.h"
#include "core/deploy/slot.h"

namespace autopilot::deploy {

struct HealthAnswer {
  bool healthy = false;
  std::string why;   // "503 from /health", "connection refused"
  Duration latency;  // of the check
};

class Health {
 public:
  virtual ~Health() = default;
  // Of the slot on all its hosts: healthy when each is.
  virtual HealthAnswer check(const Slot& slot, const std::string& version) = 0;  // never throws
};

// `spec` is the `health:` of a Deployment: one of `http: /path`, `tcp: true`, `exec: [words]`.
std::unique_ptr<Health> make_health(const Value& spec, const Site& site, World& world);

// How many equal answers in a row turn the state over.
struct HealthThresholds {
  int healthy = 2;
  int unhealthy = 3;
};
HealthThresholds health_thresholds(const Value& spec);

// Kept in the rollout's record. `state` is unknown until the first threshold is reached.
struct HealthCount {
  enum class State { unknown, healthy, unhealthy };
  State state = State::unknown;
  int in_a_row = 0;  // answers equal to the last one
  bool last = false;
};
HealthCount count_answer(const HealthCount& before, bool healthy, const HealthThresholds& limits);

}  // namespace autopilot::deploy
