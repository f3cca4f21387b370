#pragma once
// A loop over fakes: a clock and an actuator that can end the process at any moment.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/base/error.h"
#include "core/loop/loop.h"
#include "core/state/policy_sets.h"
#include "tests/state/fixture.h"

namespace autopilot::loop {

using autopilot::testing::FakeWorld;
using autopilot::testing::Scratch;

struct Killed {};

// Ends the process, so to speak, when it is asked for the n-th time.
class MortalClock final : public Clock {
 public:
  Instant now() override {
    if (left > 0 && --left == 0) throw Killed();
    return time;
  }
  std::int64_t monotonic_nanos() override { return 0; }
  void sleep(Duration) override {}

  Instant time = *parse_rfc3339("2026-01-01T12:00:00Z");
  int left = 0;
};

class FakeActuator final : public Actuator {
 public:
  bool can_be_read() const override { return is_readable; }
  SegmentShares current() override {
    dies_at(1);
    return all;
  }
  void set(const Order& order) override {
    dies_at(2);
    if (refuses) throw Error(ErrorKind::outside, "the proxy does not answer");
    all = order.shares;
    if (all.contains({})) shares = order.of_all();
    keys.push_back(order.key);
    dies_at(3);
  }
  deploy::SplitCheck verify(const Order& order) override {
    dies_at(4);
    return {holds && all == order.shares, holds ? "seen" : "somebody else moved it", Map{}};
  }

  SegmentShares all;
  ArmShares shares;  // of everybody
  std::vector<std::string> keys;
  bool refuses = false, holds = true, is_readable = false;
  int death = 0;

 private:
  void dies_at(int moment) {
    if (death != moment) return;
    death = 0;
    throw Killed();
  }
};

class LoopTest : public ::testing::Test {
 protected:
  LoopTest() {
    algorithm.id = "split";
    algorithm.arms = {{"a", {}, {}, 0, ""}, {"b", {}, {}, 0, ""}};
    algorithm.files = {"log"};
    add_events(100);
  }

  // `a` wins every third time, `b` every tenth.
  void add_events(int count) {
    std::string& log = fakes.files.texts["log"];
    for (int i = 0; i < count; ++i) {
      log += fmt::format("{{\"time\":\"2026-01-01T10:00:00Z\",\"arm\":\"{}\",\"reward\":{}}}\n",
                         i % 2 == 0 ? "a" : "b", i % 6 == 0 || i % 20 == 1 ? 1 : 0);
    }
    events += count;
  }

  LoopResult run(Mode mode = Mode::live) {
    state::PolicySets policies(*store);
    decide::RecorderSettings recorder;
    recorder.actor = "cron";
    recorder.role = "operator";
    return Loop(algorithm, mode,
                {*store, policies, world, "", actuator, recorder, {"cron", "user:cron"}})
        .run();
  }

  double counted() {
    double sum = 0;
    for (const StoredCount& one : LoopStore(store->database(), "split").counts(algorithm.segment)) {
      sum += one.rewards.count;
    }
    return sum;
  }
  std::int64_t decisions() { return store->database().integer("SELECT count(*) FROM decision"); }

  const Scratch scratch;
  FakeWorld fakes;
  MortalClock clock;
  World world{clock,           fakes.files, fakes.environment, fakes.random,
              fakes.processes, fakes.http,  fakes.sockets,     fakes.children};
  FakeActuator actuator;
  Algorithm algorithm;
  int events = 0;
  std::unique_ptr<state::Store> store = state::Store::open_or_create(scratch.path("state.db"));
};

}  // namespace autopilot::loop
