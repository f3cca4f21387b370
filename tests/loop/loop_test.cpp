#include "core/loop/loop.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/base/error.h"
#include "core/decide/archive.h"
#include "core/loop/loop_report.h"
#include "core/loop/step_body.h"
#include "core/state/policy_sets.h"
#include "core/state/resume.h"
#include "core/state/waiting.h"
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
  algorithm.schedule.every = Duration::seconds(300);
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

TEST_F(LoopTest, it_steps_when_a_cron_time_has_come_and_makes_up_for_missed_ones_once) {
  algorithm.schedule.cron = parse_cron("30 3 * * *").cron;
  algorithm.schedule.zone = *TimeZone::load("Europe/Paris");
  EXPECT_TRUE(run().step) << "the first one has nothing to wait for";
  add_events(10);
  EXPECT_EQ(run().waits, "the next step is due at 2026-01-02T02:30:00Z");
  clock.time = *parse_rfc3339("2026-01-05T12:00:00Z");
  EXPECT_TRUE(run().step) << "three times were missed";
  add_events(10);
  EXPECT_EQ(run().waits, "the next step is due at 2026-01-06T02:30:00Z");
}

TEST_F(LoopTest, a_missed_cron_time_can_be_skipped) {
  algorithm.schedule.cron = parse_cron("30 3 * * *").cron;
  algorithm.schedule.makes_up = false;
  run();
  add_events(10);
  clock.time = *parse_rfc3339("2026-01-05T12:00:00Z");
  EXPECT_EQ(run().waits, "the next step is due at 2026-01-06T03:30:00Z");
  clock.time = *parse_rfc3339("2026-01-06T03:30:59Z");
  EXPECT_TRUE(run().step);
  add_events(10);
  EXPECT_FALSE(run().step) << "one a minute";
}

TEST_F(LoopTest, a_clock_that_was_set_back_is_told) {
  run();
  add_events(10);
  clock.time = clock.time - Duration::seconds(3600);
  EXPECT_EQ(run().waits,
            "the last step began at 2026-01-01T12:00:00Z, and the clock says "
            "2026-01-01T11:00:00Z: it was set back");
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

// Segments: in the morning `a` wins, in the evening `b`.
class Segments : public LoopTest {
 protected:
  Segments() {
    algorithm.segment = {"part"};
    fakes.files.texts["log"].clear();
    add("morning", 3, 10);
    add("evening", 10, 3);
  }
  // Of 100 plays each, every `a`-th and every `b`-th earns.
  void add(const std::string& part, int a, int b) {
    std::string& log = fakes.files.texts["log"];
    for (int i = 0; i < 200; ++i) {
      const bool is_a = i % 2 == 0;
      log += fmt::format(
          "{{\"time\":\"2026-01-01T10:00:00Z\",\"arm\":\"{}\",\"reward\":{},\"part\":\"{}\"}}\n",
          is_a ? "a" : "b", i / 2 % (is_a ? a : b) == 0 ? 1 : 0, part);
    }
  }
};

TEST_F(Segments, each_segment_has_shares_and_actions_of_its_own) {
  const LoopResult result = run();
  ASSERT_TRUE(result.step);
  ASSERT_EQ(actuator.all.size(), 2u);
  EXPECT_GT(actuator.all.at({"morning"}).at("a"), 9000);
  EXPECT_LT(actuator.all.at({"evening"}).at("a"), 1000);
  EXPECT_EQ(decisions(), 4);
  EXPECT_EQ(store->database().integer("SELECT count(*) FROM decision WHERE "
                                      "json_extract(body, '$.context.segment.part') = 'morning'"),
            2);
}

TEST_F(Segments, what_one_run_learnt_the_next_goes_on_with) {
  run();
  const SegmentShares before = actuator.all;
  add("night", 2, 50);
  const LoopResult result = run();
  ASSERT_TRUE(result.step);
  const SegmentShares seen = shares_of(result.step->body, "before");
  EXPECT_EQ(seen.at({"morning"}), before.at({"morning"}));
  EXPECT_EQ(seen.at({"night"}).at("a"), 5000) << "a new segment begins evenly";
  EXPECT_EQ(counted(), 600);
}

TEST_F(Segments, linear_methods_learn_across_segments) {
  algorithm.optimiser.method = "lin_ts";
  const LoopResult result = run();
  ASSERT_TRUE(result.step);
  EXPECT_GT(actuator.all.at({"morning"}).at("a"), 9000);
  EXPECT_LT(actuator.all.at({"evening"}).at("a"), 1000);
}

TEST_F(Segments, a_policy_may_speak_of_one_segment) {
  autopilot::testing::FakeWorld applying;
  state::PlanOptions options;
  const auto documents = std::vector{
      autopilot::testing::policy("calm", R"({"scope":"segment","selector":{"part":["morning"]},
                  "mutations":[{"field":"weight","max_delta":0.1,"from":"old_weight"}]})")};
  state::apply(*store, state::make_plan(documents, store.get(), options), {"ada", "", true, true},
               applying.world);
  run();
  EXPECT_EQ(actuator.all.at({"morning"}).at("a"), 6000);
  EXPECT_LT(actuator.all.at({"evening"}).at("a"), 1000);
}

TEST_F(Segments, without_segments_again_all_counts_are_one) {
  run();
  algorithm.segment.clear();
  EXPECT_EQ(counted(), 400);
  add("morning", 3, 10);
  const LoopResult result = run();
  ASSERT_TRUE(result.step);
  EXPECT_TRUE(actuator.all.contains({}));
  algorithm.segment = {"part", "geo"};
  EXPECT_EQ(counted(), 600);
}

TEST_F(Segments, before_anything_happened_there_is_no_step) {
  fakes.files.texts["log"].clear();
  algorithm.min_events = 0;
  EXPECT_EQ(run().waits, "no segment is known yet");
}

// Approval: a policy holds back whatever gives more than two thirds to one arm.
class Held : public LoopTest {
 protected:
  Held() {
    autopilot::testing::FakeWorld applying;
    const auto documents = std::vector{autopilot::testing::policy(
        "two-man", R"({"guards":[{"name":"big","approve":"action.data.weight > 0.67"}]})")};
    state::apply(*store, state::make_plan(documents, store.get(), {}), {"ada", "", true, true},
                 applying.world);
  }
  state::Approvals approvals() { return state::Approvals(*store, world, ""); }
  state::Waiting request(const LoopResult& result) {
    auto all = approvals();
    return state::request_of_decision(
        all, decide::Archive(store->database()).find(result.waiting.at(0).decision));
  }
  void approve(const LoopResult& result) {
    auto all = approvals();
    all.approve(request(result), {"bob", "user:bob"}, "", {});
  }
  void reject(const LoopResult& result) {
    auto all = approvals();
    all.reject(request(result), {"bob", "user:bob"}, "too much");
  }
  std::string result_of(const LoopResult& result, const std::string& arm) {
    for (const Value& entry : result.step->body.find("arms")->as_list()) {
      if (entry.get("arm")->as_string() != arm) continue;
      const Value* found = entry.get("result");
      return found == nullptr ? "" : found->as_string();
    }
    return "?";
  }
};

TEST_F(Held, what_waits_is_not_proposed_again_until_it_was_answered) {
  const LoopResult first = run();
  EXPECT_EQ(result_of(first, "a"), "pending");
  ASSERT_EQ(first.waiting.size(), 1u);
  EXPECT_EQ(first.waiting[0].before, 5000);
  EXPECT_TRUE(actuator.keys.empty()) << "nobody may gain what the other loses";
  EXPECT_EQ(decisions(), 2);
  add_events(10);
  const LoopResult second = run();
  EXPECT_EQ(result_of(second, "a"), "waiting");
  EXPECT_EQ(second.waiting.at(0).decision, first.waiting[0].decision);
  EXPECT_EQ(decisions(), 3) << "the other arm's alone";
  EXPECT_EQ(run().waiting.size(), 1u) << "told without a step, too";
}

TEST_F(Held, what_was_approved_is_acted_on_once_by_the_next_run) {
  const LoopResult first = run();
  approve(first);
  algorithm.schedule.every = Duration::seconds(86400);  // agreement does not wait for a schedule
  const LoopResult second = run();
  ASSERT_TRUE(second.step);
  EXPECT_EQ(result_of(second, "a"), "allowed");
  EXPECT_TRUE(second.waiting.empty());
  EXPECT_NEAR(actuator.shares.at("a") / 1e4, first.waiting[0].asked, 1e-4);
  EXPECT_EQ(store->database().integer("SELECT count(*) FROM request WHERE status = 'consumed'"), 1);
  const std::int64_t taken = decisions();
  EXPECT_FALSE(run().step);
  EXPECT_EQ(decisions(), taken);
  EXPECT_EQ(actuator.keys.size(), 1u);
}

TEST_F(Held, what_was_rejected_is_dropped_and_proposed_anew) {
  const LoopResult first = run();
  reject(first);
  EXPECT_FALSE(run().step) << "a rejection is no reason to step";
  add_events(10);
  const LoopResult second = run();
  EXPECT_EQ(result_of(second, "a"), "pending");
  EXPECT_NE(second.waiting.at(0).decision, first.waiting[0].decision);
  const auto dropped = pending_in(second.step->body, "dropped");
  ASSERT_EQ(dropped.size(), 1u);
  EXPECT_EQ(dropped[0].why, "rejected by bob: too much");
}

TEST_F(Held, what_nobody_approved_in_time_is_proposed_anew) {
  const LoopResult first = run();
  clock.time = clock.time + Duration::seconds(25 * 3600);
  add_events(10);
  const LoopResult second = run();
  EXPECT_NE(second.waiting.at(0).decision, first.waiting[0].decision);
  EXPECT_TRUE(pending_in(second.step->body, "dropped").at(0).why.starts_with("nobody approved"));
}

TEST_F(Held, a_share_that_somebody_moved_is_another_question) {
  run();
  actuator.all = {{Segment(), {{"a", 2000}, {"b", 8000}}}};
  add_events(10);
  const LoopResult second = run();
  EXPECT_EQ(pending_in(second.step->body, "dropped").at(0).why,
            "its share was moved meanwhile, from 50% to 20%");
  EXPECT_EQ(result_of(second, "a"), "pending");
}

TEST_F(Held, a_person_may_resume_the_decision_and_the_run_acts_on_it) {
  const LoopResult first = run();
  approve(first);
  {
    state::PolicySets policies(*store);
    decide::RecorderSettings settings;
    settings.run = "by-hand";
    decide::Recorder recorder(store->database(), world, policies, settings);
    auto all = approvals();
    state::resume_decision(all, recorder,
                           decide::Archive(store->database()).find(first.waiting[0].decision),
                           {"cron", "user:cron"});
  }
  const LoopResult second = run();
  EXPECT_EQ(result_of(second, "a"), "allowed");
  EXPECT_EQ(actuator.keys.size(), 1u);
}

TEST_F(Held, a_trial_shows_what_was_approved_and_uses_nothing_up) {
  const LoopResult first = run();
  approve(first);
  const LoopResult trial = run(Mode::dry_run);
  EXPECT_EQ(result_of(trial, "a"), "approved");
  EXPECT_GT(shares_of(trial.step->body, "after").at({}).at("a"), 6700);
  EXPECT_EQ(store->database().integer("SELECT count(*) FROM request WHERE status = 'consumed'"), 0);
}

TEST_F(Held, a_shadow_asks_nobody) {
  EXPECT_TRUE(run(Mode::shadow).waiting.empty());
  add_events(10);
  const LoopResult second = run(Mode::shadow);
  EXPECT_EQ(result_of(second, "a"), "pending");
  EXPECT_EQ(store->database().integer("SELECT count(*) FROM request"), 0);
}

// Whatever moment the run that acts on an approval dies at, it is used and acted on once.
TEST_F(Held, killed_at_any_moment_an_approval_is_used_and_acted_on_once) {
  int deaths = 0;
  for (int moment = 1; moment < 200; ++moment) {
    SCOPED_TRACE(moment);
    const Scratch folder;
    store = state::Store::open_or_create(folder.path("state.db"));
    autopilot::testing::FakeWorld applying;
    const auto documents = std::vector{autopilot::testing::policy(
        "two-man", R"({"guards":[{"name":"big","approve":"action.data.weight > 0.67"}]})")};
    state::apply(*store, state::make_plan(documents, store.get(), {}), {"ada", "", true, true},
                 applying.world);
    actuator = FakeActuator();
    approve(run());
    clock.left = moment;
    bool died = false;
    try {
      run();
    } catch (const Killed&) {
      died = true;
      ++deaths;
    }
    clock.left = 0;
    run();
    EXPECT_GT(actuator.shares.at("a"), 6700);
    EXPECT_EQ(store->database().integer("SELECT count(*) FROM request WHERE status = 'consumed'"),
              1);
    EXPECT_EQ(store->database().integer("SELECT count(*) FROM decision WHERE "
                                        "json_extract(body, '$.resumes') IS NOT NULL"),
              1);
    EXPECT_EQ(LoopStore(store->database(), "split").steps(9).size(), 2u);
    for (const std::string& key : actuator.keys) EXPECT_EQ(key, "split/2");
    if (!died) break;
  }
  EXPECT_GT(deaths, 8);
}

}  // namespace
}  // namespace autopilot::loop
