#pragma once
// What happened as an algorithm was played along a log.

#include <string>
#include <vector>

#include "core/base/value.h"

namespace autopilot::evaluate {

struct Played {
  double rows = 0, kept = 0;  // rows of the log; those it learned from
  double reward_kept = 0;     // of these, in all
  double least_propensity = 1;
  std::vector<std::string> actions;
  std::vector<double> kept_by_action;
  std::vector<double> last_shares;  // by action; empty when they depend on the row
};

Map to_value(const Played& played);
// "288 of 10000 rows, which earned 0.00347 each; at the end it plays 5 28%, 30 10%, …"
std::string to_text(const Played& played);

}  // namespace autopilot::evaluate
