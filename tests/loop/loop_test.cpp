#include "core/loop/loop.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/base/error.h"
#include "core/loop/loop_report.h"
#include "core/loop/step_body.h"
#include "core/state/policy_sets.h"
#include "tests/state/fixture.h"

namespace autopilot::loop {
namespace {

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
  ArmShares current() override {
    dies_at(1);
    return shares;
  }
  void set(const Order& order) override {
    dies_at(2);
    if (refuses) throw Error(ErrorKind::outside, "the proxy does not answer");
    shares = order.shares;
    keys.push_back(order.key);
    dies_at(3);
  }
  deploy::SplitCheck verify(const Order& order) override {
    dies_at(4);
    return {holds && shares == order.shares, holds ? "seen" : "somebody else moved it", Map{}};
  }

  ArmShares shares;
  std::vector<std::string> keys;
  bool refuses = false, holds = true;
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
    World world{clock,           fakes.files, fakes.environment, fakes.random,
                fakes.processes, fakes.http,  fakes.sockets,     fakes.children};
    state::PolicySets policies(*store);
    decide::RecorderSettings recorder;
    recorder.actor = "cron";
    recorder.role = "operator";
    return Loop(algorithm, mode, {store->database(), policies, world, "", actuator, recorder})
        .run();
  }

  double counted() {
    double sum = 0;
    for (const StoredCount& one : LoopStore(store->database(), "split").counts()) {
      sum += one.rewards.count;
    }
    return sum;
  }
  std::int64_t decisions() { return store->database().integer("SELECT count(*) FROM decision"); }

  const Scratch scratch;
  FakeWorld fakes;
  MortalClock clock;
  FakeActuator actuator;
  Algorithm algorithm;
  int events = 0;
  std::unique_ptr<state::Store> store = state::Store::open_or_create(scratch.path("state.db"));
};

TEST_F(LoopTest, a_pass_reads_decides_and_moves) {
  const LoopResult result = run();
  ASSERT_TRUE(result.step);
  EXPECT_EQ(result.step->stage, Stage::done);
  EXPECT_EQ(counted(), 100);
  EXPECT_EQ(decisions(), 2);
  EXPECT_GT(actuator.shares.at("a"), 5000);
  EXPECT_EQ(actuator.shares.at("a") + actuator.shares.at("b"), 10000);
  EXPECT_EQ(actuator.keys, std::vector<std::string>{"split/1"});
}

TEST_F(LoopTest, without_new_events_nothing_is_proposed) {
  run();
  const LoopResult result = run();
  EXPECT_FALSE(result.step);
  EXPECT_EQ(result.waits, "0 new events since the last step, it waits for 1");
  EXPECT_EQ(decisions(), 2);
}

TEST_F(LoopTest, it_waits_for_its_time_and_for_enough_events) {
  algorithm.every = Duration::seconds(300);
  algorithm.growth = 0.5;
  run();
  add_events(20);
  EXPECT_EQ(run().waits, "the next step is due at 2026-01-01T12:05:00Z");
  clock.time = clock.time + Duration::seconds(300);
  EXPECT_EQ(run().waits, "20 new events since the last step, it waits for 50");
  EXPECT_EQ(counted(), 120);
  add_events(40);
  EXPECT_EQ(run().step->generation, 2);
}

// Whatever moment the pass dies at, the next one ends with what an undisturbed one had given.
TEST_F(LoopTest, killed_at_any_moment_no_event_no_decision_and_no_step_is_lost_or_doubled) {
  int deaths = 0;
  for (int moment = 1; moment < 200; ++moment) {
    SCOPED_TRACE(moment);
    const Scratch folder;
    store = state::Store::open_or_create(folder.path("state.db"));
    actuator = FakeActuator();
    clock.left = moment > 4 ? moment - 4 : 0;
    actuator.death = moment > 4 ? 0 : moment;
    bool died = false;
    try {
      run();
    } catch (const Killed&) {
      died = true;
      ++deaths;
    }
    clock.left = 0;
    run();
    const auto steps = LoopStore(store->database(), "split").steps(10);
    ASSERT_EQ(steps.size(), 1u);
    EXPECT_EQ(steps[0].stage, Stage::done);
    EXPECT_EQ(counted(), 100);
    EXPECT_EQ(decisions(), 2);
    EXPECT_EQ(store->database().integer("SELECT count(*) FROM audit WHERE kind = 'loop_step'"), 1);
    EXPECT_EQ(actuator.shares, shares_of(steps[0].body, "after"));
    for (const std::string& key : actuator.keys) EXPECT_EQ(key, "split/1");
    if (!died) break;
  }
  EXPECT_GT(deaths, 10);
}

TEST_F(LoopTest, what_the_proxy_refuses_stays_open_and_is_tried_again) {
  actuator.refuses = true;
  EXPECT_THROW(run(), Error);
  actuator.refuses = false;
  actuator.holds = false;
  EXPECT_THROW(run(), Error);
  actuator.holds = true;
  add_events(10);
  const LoopResult result = run();
  ASSERT_TRUE(result.resumed);
  EXPECT_EQ(result.resumed->generation, 1);
  EXPECT_EQ(result.step->generation, 2);
  EXPECT_EQ(counted(), 110);
}

TEST_F(LoopTest, a_trial_keeps_nothing) {
  const LoopResult result = run(Mode::dry_run);
  EXPECT_GT(shares_of(result.step->body, "after").at("a"), 5000);
  EXPECT_TRUE(actuator.keys.empty());
  EXPECT_EQ(counted(), 0);
  EXPECT_EQ(decisions(), 0);
  EXPECT_FALSE(LoopStore(store->database(), "split").last());
}

TEST_F(LoopTest, a_shadow_learns_and_decides_beside_the_live_one_and_moves_nothing) {
  run();
  const ArmShares live = actuator.shares;
  const LoopResult shadow = run(Mode::shadow);
  ASSERT_TRUE(shadow.step);
  EXPECT_EQ(actuator.shares, live);
  EXPECT_EQ(decisions(), 2);
  EXPECT_EQ(counted(), 100);
  const auto steps = LoopStore(store->database(), shadow_of("split")).steps(9);
  const auto report =
      describe_shadow("split", steps, LoopStore(store->database(), "split").steps(9));
  const Value& first = report.data.find("steps")->as_list().at(0);
  EXPECT_EQ(first.get("live_generation")->as_int(), 1);
  EXPECT_EQ(first.get("live_weights")->get("a")->as_double(), live.at("a") / 1e4);
}

TEST_F(LoopTest, a_new_arm_starts_with_nothing_and_gets_its_share) {
  run();
  algorithm.arms.push_back({"c", {}, {}, 0, ""});
  add_events(10);
  const LoopResult result = run();
  EXPECT_EQ(shares_of(result.step->body, "before").at("c"), 0);
  EXPECT_GT(actuator.shares.at("c"), 0);
}

TEST_F(LoopTest, traffic_that_does_not_follow_the_weights_is_told) {
  algorithm.columns.generation = "gen";
  run();
  const double weight = actuator.shares.at("a") / 1e4;
  std::string& log = fakes.files.texts["log"];
  const auto serve = [&](double share) {
    for (int i = 0; i < 2000; ++i) {
      log += fmt::format(
          "{{\"time\":\"2026-01-01T10:00:00Z\",\"arm\":\"{}\",\"reward\":0,\"gen\":1}}\n",
          i < 2000 * share ? "a" : "b");
    }
    return run().served;
  };
  const auto odd = serve(weight - 0.3);
  ASSERT_EQ(odd.size(), 2u);
  EXPECT_TRUE(odd[0].is_odd);
  EXPECT_EQ(odd[0].propensity, weight);
  EXPECT_FALSE(serve(weight)[0].is_odd);
}

TEST_F(LoopTest, forgotten_rewards_no_longer_count) {
  algorithm.memory.window = Duration::seconds(3600);
  const LoopResult result = run();  // two hours later
  EXPECT_EQ(arm_entry(const_cast<Map&>(result.step->body), "a")->get("trials")->as_double(), 0);
}

}  // namespace
}  // namespace autopilot::loop
