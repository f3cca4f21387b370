#pragma once
// What an algorithm moves. Every order may be given again by another process after a crash: what is
// set is a state, not a change, and what cannot be asked (a webhook, a command) gets the same key.

#include <cstdint>
#include <memory>
#include <string>

#include "core/base/secrets.h"
#include "core/base/world.h"
#include "core/deploy/traffic.h"
#include "core/loop/algorithm.h"
#include "core/loop/shares.h"

namespace autopilot::loop {

struct Order {
  std::string algorithm;
  std::int64_t generation = 0;
  std::string key;  // the same for every try
  SegmentShares shares;

  // REQUIRES an algorithm without segments.
  const ArmShares& of_all() const { return shares.at({}); }
};

class Actuator {
 public:
  virtual ~Actuator() = default;

  // Whether it tells all of what was set, as it was set.
  virtual bool can_be_read() const { return false; }
  // What is in force; empty when nobody can tell. Throws Error(outside) when what could tell does
  // not answer.
  virtual SegmentShares current() = 0;
  // Throws Error(outside) when it is refused.
  virtual void set(const Order& order) = 0;
  // By observation, where there is something to see.
  virtual deploy::SplitCheck verify(const Order& order) = 0;
};

// What actuators borrow.
struct Site {
  World& world;
  Secrets& secrets;
  std::string root;  // of the project; relative paths are below it
};

// REQUIRES that what `site` refers to and the algorithm outlive it.
std::unique_ptr<Actuator> make_actuator(const Algorithm& algorithm, const Site& site);

// What is sent: {"schema", "algorithm", "generation", "key", "weights": {"a": 0.25}}, and "budgets"
// where a total is divided. With segments, instead of the weights:
// "segments": [{"segment": {"geo": "FR"}, "weights": {"a": 0.25}}].
Value order_data(const Order& order, const Algorithm& algorithm);
// Those of such a value; without those that it does not tell.
SegmentShares shares_in(const Value& data, const std::vector<std::string>& keys);
// Of an actuator that was told the shares and read back `seen`.
deploy::SplitCheck compare_shares(const SegmentShares& seen, const SegmentShares& wanted,
                                  const std::vector<std::string>& keys);

}  // namespace autopilot::loop
