#include "core/decide/archive.h"
#include "core/loop/loop_report.h"
#include "core/loop/step_body.h"
#include "core/state/resume.h"
#include "core/state/waiting.h"
#include "tests/loop/fixture.h"

namespace autopilot::loop {
namespace {

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
    EXPECT_EQ(actuator.all, shares_of(steps[0].body, "after"));
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

// A file was deleted, a store was wiped: what nobody meant to change is put there again.
TEST_F(LoopTest, shares_that_are_lost_are_set_again_although_nothing_changes) {
  actuator.is_readable = true;
  algorithm.optimiser.floor = 0.5;  // the shares never change
  run();
  add_events(10);
  ASSERT_EQ(run().step->body.find("acted")->get("moved")->as_bool(), false);
  const std::size_t moved = actuator.keys.size();
  actuator.all.clear();
  add_events(10);
  const LoopResult again = run();
  EXPECT_EQ(again.step->body.find("acted")->get("moved")->as_bool(), true);
  EXPECT_EQ(actuator.keys.size(), moved + 1);
  EXPECT_EQ(actuator.shares, (ArmShares{{"a", 5000}, {"b", 5000}}));
}

TEST_F(LoopTest, a_trial_keeps_nothing) {
  const LoopResult result = run(Mode::dry_run);
  EXPECT_GT(shares_of(result.step->body, "after").at({}).at("a"), 5000);
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
  EXPECT_EQ(shares_of(result.step->body, "before").at({}).at("c"), 0);
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
  EXPECT_EQ(result.step->body.find("arms")->as_list()[0].get("trials")->as_double(), 0);
}

TEST_F(LoopTest, counts_of_old_generations_and_forgotten_times_are_added_up) {
  LoopStore loop(store->database(), "split");
  WriteTransaction transaction(store->database());
  std::map<CountKey, stats::ArmRewards> counts;
  for (std::int64_t g = 0; g < 10; ++g) {
    for (std::int64_t bucket : {60, 120, 180}) counts[{g, {}, "a", bucket}] = {2, 1, 1, 0, 0};
  }
  loop.add(counts, {});
  loop.fold(7, 150);
  loop.fold(7, 150);
  transaction.commit();
  EXPECT_EQ(counted(), 60);
  std::map<std::int64_t, double> by_generation, by_bucket;
  for (const StoredCount& one : loop.counts({})) {
    by_generation[one.key.generation] += one.rewards.count;
    by_bucket[one.key.bucket] += one.rewards.count;
  }
  EXPECT_EQ(by_generation, (std::map<std::int64_t, double>{{0, 42}, {7, 6}, {8, 6}, {9, 6}}));
  EXPECT_EQ(by_bucket, (std::map<std::int64_t, double>{{1, 40}, {180, 20}}));
}

TEST_F(LoopTest, an_open_step_of_an_algorithm_that_was_changed_is_closed_and_moves_nothing) {
  for (const bool by_segment : {false, true}) {
    SCOPED_TRACE(by_segment);
    actuator.refuses = true;
    add_events(10);
    EXPECT_THROW(run(), Error);
    actuator.refuses = false;
    actuator.keys.clear();
    if (by_segment) {
      algorithm.segment = {"part"};
    } else {
      algorithm.arms.push_back({"c", {}, {}, 0, ""});
    }
    add_events(10);
    const LoopResult result = run();
    ASSERT_TRUE(result.resumed);
    EXPECT_EQ(result.resumed->body.find("acted")->get("why")->as_string(),
              "the algorithm has other arms or segments by now");
    ASSERT_TRUE(result.step);
    EXPECT_EQ(actuator.keys.size(), 1u);
  }
}

TEST_F(LoopTest, a_long_life_keeps_little_of_old_steps_and_all_of_the_audit) {
  constexpr int kSteps = LoopStore::kWhole + 10;
  for (int i = 0; i < kSteps; ++i) {
    add_events(10);
    run();
  }
  EXPECT_EQ(counted(), events);
  LoopStore steps(store->database(), "split");
  EXPECT_EQ(steps.newest_generation(), kSteps);
  const Step old = *steps.step(1);
  EXPECT_NE(old.body.find("kept"), nullptr);
  EXPECT_EQ(shares_of(old.body, "after").at({}).size(), 2u);
  EXPECT_EQ(store->database().integer("SELECT count(*) FROM audit WHERE kind = 'loop_step'"),
            kSteps);
  algorithm.columns.generation = "generation";
  // A late event of an old generation still has the probability that it was served with.
  fakes.files.texts["log"] +=
      "{\"time\":\"2026-01-01T10:00:00Z\",\"arm\":\"a\",\"reward\":1,\"generation\":1}\n";
  const LoopResult result = run();
  ASSERT_FALSE(result.served.empty());
  EXPECT_EQ(result.served[0].propensity, shares_of(old.body, "after").at({}).at("a") / 1e4);
}

}  // namespace
}  // namespace autopilot::loop
