#pragma once
// A rollout in virtual time: the real machine over recorded samples, with effects that succeed at
// once unless a fault says otherwise. Says what it would have done, when, and who would have been
// exposed. Touches nothing.

#include <string>
#include <vector>

#include "core/deploy/machine.h"

namespace autopilot::deploy {

struct Fault {
  std::string kind;      // dead: the canary does not answer; blind: no data; proxy: no weight can
                         // be set; reboot; kill: nobody acts
  Duration from, until;  // after the beginning, half-open
};
// "dead@10m", "blind@10m-15m"; throws Error(usage).
Fault parse_fault(const std::string& text);

struct SimulationRequest {
  Rollout rollout;  // as it begins, created at the first instant of the simulation
  std::vector<Sample> samples;
  std::vector<Fault> faults;
  bool opens_gates = true;  // somebody opens each gate at once
  Duration most = Duration::seconds(60 * 86400);
};

struct SimulatedEvent {
  Instant at;
  std::string kind, text;
};

struct Simulation {
  Rollout rollout;  // at its end, or when the samples and the time ran out
  std::vector<SimulatedEvent> events;
  std::int64_t steps = 0;
  std::size_t most_samples_kept = 0;
};

// What makes a simulation of these samples say little, in words; empty: nothing does. Throws
// Error(invalid) when nothing can be said at all.
std::vector<std::string> doubts(const std::vector<Sample>& samples, Instant from,
                                const Strategy& strategy);

Simulation simulate(SimulationRequest request, Strategy& strategy);

}  // namespace autopilot::deploy
