#pragma once
// What a switch of traffic must not do, measured under load: lose a request, miss its share, take
// long to bring back.

#include <string>
#include <vector>

#include "tests/live/rig.h"

namespace autopilot::live {

struct SwitchingPlan {
  int cycles = 2;  // each brings a new version from 0 to 100 % and stops the old one
  int hold_ms = 700;
  int stream_seconds = 3;
  std::vector<int> steps{500, 2500, 500, 0, 500, 2500, 10000};
};

struct SharePoint {
  int bp = 0;
  std::int64_t canary = 0, total = 0;  // requests of one hold
};

struct SwitchingResult {
  int switches = 0, stops = 0;
  std::vector<double> switch_ms;  // decision to verified
  std::vector<SharePoint> shares;
  std::int64_t requests = 0, failed = 0;
  std::int64_t streams = 0, broken_streams = 0, echoes = 0, broken_websockets = 0;
  std::vector<std::string> faults;  // what else went wrong
};

// From blue at 100 % on, with streams and a WebSocket open, under both wrk and hey.
SwitchingResult run_switching(Rig& rig, const SwitchingPlan& plan);

struct RollbackResult {
  std::vector<double> ms;  // decision to verified zero traffic, sorted
  int leaks = 0;           // rollbacks after which the canary still got requests
  std::int64_t requests = 0, failed = 0;
  std::vector<std::string> faults;
};

// `count` times from 5 % back to 0 under wrk.
RollbackResult run_rollbacks(Rig& rig, int count);

double percentile(const std::vector<double>& sorted, double share);

}  // namespace autopilot::live
