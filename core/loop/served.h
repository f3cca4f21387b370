#pragma once
// Whether requests were served as the weights say: events joined with the weights of their
// generation. Where they were not, what arms earned cannot be trusted: a cookie, a cache or
// somebody's hand chose instead.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/loop/event_batch.h"
#include "core/loop/loop_store.h"

namespace autopilot::loop {

struct Served {
  std::int64_t generation = 0;
  Segment segment;
  std::string arm;
  double events = 0;
  double of = 0;          // all events of the generation
  double propensity = 0;  // the probability that an event of the generation had this arm
  bool is_odd = false;    // far from what that probability makes likely
};

// Of the generations that are known and had the same segments, in their order.
std::vector<Served> served_shares(const std::map<CountKey, stats::ArmRewards>& counts,
                                  LoopStore& live, const std::vector<std::string>& keys);

}  // namespace autopilot::loop
