#pragma once
// What an applied Algorithm says, as data: units parsed, defaults filled in.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/cron.h"
#include "core/base/time.h"
#include "core/base/timezone.h"
#include "core/loop/cells.h"
#include "core/loop/optimiser.h"
#include "core/policy/model.h"

namespace autopilot::loop {

struct AlgorithmArm {
  std::string name;
  std::optional<double> floor, cap;
  int port = 0;
  std::string host = "127.0.0.1";
};

// How the logs call things; empty where a log has no such thing.
struct EventColumns {
  std::string arm = "arm", reward = "reward", time = "time", id, generation;
};

// When a step is due, beside how much is new.
struct Schedule {
  Duration every;
  std::optional<Cron> cron;
  std::string cron_text;
  TimeZone zone;
  bool makes_up = true;  // a step that no run came for is made by the next one
};

struct Algorithm {
  std::string id;
  std::vector<AlgorithmArm> arms;    // sorted by name
  std::vector<std::string> segment;  // columns by whose values the shares differ

  std::vector<std::string> files;
  EventColumns columns;
  Duration attribution;
  double max_bad = 0.01;

  bool minimize = false;
  OptimiserSpec optimiser;
  Memory memory;

  Schedule schedule;
  double growth = 0;
  double min_events = 1;

  Value actuator;

  bool has_arm(const std::string& name) const;
};

// REQUIRES a document that was validated.
Algorithm algorithm_from(const policy::Document& document);

}  // namespace autopilot::loop
