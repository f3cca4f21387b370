// A rollout carried out over a real journal and a world of fakes, stopped at every point where a
// process can die and gone on with by the next.
#include "core/deploy/runner.h"

#include <gtest/gtest.h>

#include <chrono>
#include <set>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/state/store.h"
#include "tests/deploy/machine_world.h"
#include "tests/deploy/runner_world.h"
#include "tests/fakes.h"
#include "tests/state/scratch.h"

namespace autopilot::deploy {
namespace {

using autopilot::testing::FakeWorld;
using autopilot::testing::Scratch;
using testing::FakeDecider;
using testing::FakeMetrics;
using testing::FakeProcess;
using testing::FakeTasks;
using testing::FakeTraffic;
using testing::HangingMetrics;
using testing::Outside;
using testing::StoppableMetrics;
using testing::TaskLog;

struct Killed {};

class RunnerTest : public ::testing::Test {
 protected:
  const Scratch scratch;
  FakeWorld fakes;
  Outside outside;
  const std::string path = scratch.path("state.db");
  std::string spec = testing::kSpec;
  std::optional<std::promise<void>> hangs;  // a metric does, until the rollout is over
  bool hangs_for_ever = false;              // likewise, until it is told to stop
  bool tasks_hang = false;                  // likewise
  TaskLog tasks;
  std::function<void(const Rollout&)> on_look;
  std::string kill_at_point;

  // A second metric, for what is to be seen of it.
  void add_latency() {
    Value value = parse_json_or_throw(spec, "spec");
    value.as_map()["metrics"].as_map()["latency"] =
        parse_json_or_throw(R"({"provider": "exec", "argv": ["./latency"]})", "metric");
    spec = to_json(value);
  }

  // Testers, then copies, then everybody.
  void go_by_testers() {
    Value value = parse_json_or_throw(spec, "spec");
    value.as_map()["steps"] = parse_json_or_throw(R"([
        {"name": "testers", "match": {"header": "X-Beta", "exact": "1"}, "hold": "20s"},
        {"name": "shadow", "mirror": "20%", "hold": "20s"},
        {"name": "canary", "weight": "5%", "hold": "20s"}, {"end": "match"}])",
                                                  "steps");
    spec = to_json(value);
  }

  // One of each kind of task.
  void go_by_tasks() {
    Value value = parse_json_or_throw(spec, "spec");
    value.as_map()["checks"] =
        parse_json_or_throw(R"({"during": [{"name": "warm", "argv": ["./warm"]}]})", "checks");
    value.as_map()["hooks"] = parse_json_or_throw(
        R"({"before": ["./before"], "promoted": ["./promoted"], "rolled_back": ["./back"]})",
        "hooks");
    value.as_map()["steps"] = parse_json_or_throw(R"([
        {"name": "canary", "weight": "5%", "hold": "20s"}, {"smoke": "smoke.yaml"},
        {"load": {"rate": "10/s", "for": "1h"}}])",
                                                  "steps");
    spec = to_json(value);
  }

  RunnerTest() {
    state::Store::open_or_create(path);
    fakes.clock.time = *parse_rfc3339("2026-01-05T10:00:00Z");
  }

  void begin() {
    auto store = state::Store::open(path);
    Journal journal(store->database(), fakes.world);
    journal.take_lease({"shop", ""}, "ada");
    Rollout r;
    r.id = "shop-1";
    r.deployment = "shop";
    r.version = "v2";
    r.previous = "v1";
    r.canary = "green";
    r.stable = "blue";
    r.actor = "ada";
    r.boot_id = fakes.environment.boot_id();
    r.created = r.stage_since = fakes.clock.now();
    r.spec = parse_json_or_throw(spec, "spec");
    journal.create(r, {{"shop-1/started", "started", "", {}}});
    journal.release_lease();
  }

  // One process: it runs or ticks until it ends or is killed at its point number `kill_at`. Returns
  // how many points it passed.
  int process(bool ticks, int kill_at) {
    int points = 0;
    auto store = state::Store::open(path);
    Journal journal(store->database(), fakes.world);
    Providers providers;
    providers.traffic = std::make_unique<FakeTraffic>(outside);
    providers.process = std::make_unique<FakeProcess>(outside);
    providers.metrics["errors"] = std::make_unique<FakeMetrics>(outside);
    providers.decider = std::make_unique<FakeDecider>(outside);
    RunnerSettings settings;
    if (hangs) providers.metrics["latency"] = std::make_unique<HangingMetrics>(hangs->get_future());
    if (hangs_for_ever) {
      providers.stop = std::make_unique<Stop>();
      providers.metrics["latency"] = std::make_unique<StoppableMetrics>(*providers.stop);
    }
    providers.tasks = std::make_unique<FakeTasks>(tasks, tasks_hang);
    settings.in_background = hangs || hangs_for_ever || tasks_hang;
    settings.watch = [&](const Rollout& r) {
      if (on_look) on_look(r);
      if (hangs && r.is_over()) hangs->set_value();
      return true;
    };
    settings.at_point = [&](std::string_view point) {
      if (++points == kill_at || (!kill_at_point.empty() && point == kill_at_point)) throw Killed{};
    };
    const Place place{"shop", ""};
    if (!journal.unfinished(place)) return points;
    journal.take_lease(place, "ada");
    fakes.environment.alive = {4242};
    try {
      Runner runner(journal, providers, fakes.world, "shop-1", testing::passing, settings);
      if (ticks) {
        runner.tick();
      } else {
        runner.run();
      }
      journal.release_lease();
    } catch (const Killed&) {
      fakes.environment.alive.clear();  // its lease stays, and counts no more
    }
    return points;
  }

  Rollout rollout() {
    auto store = state::Store::open(path);
    return Journal(store->database(), fakes.world).load("shop-1");
  }
  void ask(const std::string& kind) {
    auto store = state::Store::open(path);
    Journal(store->database(), fakes.world)
        .ask("shop-1", {0, kind, "bob", "admin", "", {}, fakes.clock.now()});
  }
  int count_of_events(const std::string& kind) {
    auto store = state::Store::open(path);
    int n = 0;
    for (const JournalEvent& e : Journal(store->database(), fakes.world).events("shop-1"))
      n += e.kind == kind ? 1 : 0;
    return n;
  }
  // The journal tells of each change of the proxy, in the order in which they were made.
  std::vector<std::int64_t> journalled_weights() {
    auto store = state::Store::open(path);
    std::vector<std::int64_t> out;
    for (const JournalEffect& e : Journal(store->database(), fakes.world).effects("shop-1")) {
      if (e.effect.kind == "set_weight" && e.ok)
        out.push_back(e.effect.args.find("weight_bp")->as_int());
    }
    return out;
  }

  void expect_good_end(const std::string& where, const std::string& state) {
    const Rollout r = rollout();
    EXPECT_EQ(r.state(), state) << where;
    EXPECT_EQ(r.weight_bp, outside.canary_bp) << where;
    const bool promoted = state == "promoted";
    EXPECT_EQ(outside.canary_bp, promoted ? kWhole : 0) << where;
    EXPECT_TRUE(outside.match.empty() && r.match.empty()) << where;
    EXPECT_EQ(outside.mirror_bp + r.mirror_bp, 0) << where;
    EXPECT_EQ(outside.running["green"], promoted ? "v2" : "") << where;
    EXPECT_EQ(outside.running["blue"], promoted ? "" : "v1") << where;
    EXPECT_EQ(count_of_events(promoted ? "completed" : "rolled_back"), 1) << where;
    EXPECT_EQ(count_of_events("started"), 1) << where;
  }
};

TEST_F(RunnerTest, one_run_goes_all_the_way) {
  begin();
  process(false, 0);
  expect_good_end("run", "promoted");
  EXPECT_EQ(outside.deeds, (std::vector<std::string>{"start green v2", "weight 500", "weight 5000",
                                                     "weight 10000", "stop blue"}));
  EXPECT_EQ(journalled_weights(), (std::vector<std::int64_t>{500, 5000, 10000}));
}

TEST_F(RunnerTest, testers_and_copies_come_before_everybody_and_are_gone_afterwards) {
  go_by_testers();
  begin();
  process(false, 0);
  expect_good_end("run", "promoted");
  EXPECT_EQ(outside.deeds, (std::vector<std::string>{"start green v2", "weight 0 match",
                                                     "weight 0 match mirror", "weight 500 match",
                                                     "weight 500", "weight 10000", "stop blue"}));
}

TEST_F(RunnerTest, a_bad_version_comes_back) {
  begin();
  outside.bad_per_reading = 20;
  process(false, 0);
  expect_good_end("run", "rolled_back");
  EXPECT_EQ(outside.deeds.back(), "stop green");
}

TEST_F(RunnerTest, ticks_get_there_too) {
  begin();
  for (int i = 0; i < 200 && !rollout().is_over(); ++i) {
    process(true, 0);
    fakes.clock.tick(Duration::seconds(10));
  }
  expect_good_end("ticks", "promoted");
}

TEST_F(RunnerTest, a_proxy_that_lies_is_found_out) {
  begin();
  outside.proxy_lies = true;
  process(false, 0);
  EXPECT_EQ(rollout().state(), "rolled_back");
  EXPECT_NE(rollout().cause.find("the weight could not be set"), std::string::npos);
}

TEST_F(RunnerTest, a_dead_proxy_on_the_way_back_is_stuck_and_never_done) {
  begin();
  process(false, 30);
  outside.proxy_is_dead = true;
  ask("abort");
  for (int i = 0; i < 30; ++i) {
    process(true, 0);
    fakes.clock.tick(Duration::seconds(10));
  }
  EXPECT_EQ(rollout().state(), "stuck");
  EXPECT_EQ(count_of_events("stuck"), 1);
  outside.proxy_is_dead = false;
  process(false, 0);
  EXPECT_EQ(rollout().state(), "rolled_back");
  EXPECT_EQ(outside.canary_bp, 0);
}

TEST_F(RunnerTest, a_metric_that_hangs_keeps_neither_rules_nor_people_waiting) {
  add_latency();
  hangs.emplace();
  begin();
  outside.bad_per_reading = 20;
  process(false, 0);
  expect_good_end("by its rule", "rolled_back");
  EXPECT_NE(rollout().cause.find("errors"), std::string::npos) << rollout().cause;
}

TEST_F(RunnerTest, an_abort_is_heard_while_a_metric_hangs_and_status_says_that_it_does) {
  add_latency();
  hangs.emplace();
  begin();
  const Instant end = fakes.clock.now() + Duration::seconds(300);
  std::string missing;
  on_look = [&](const Rollout& r) {
    if (r.is_over()) return;
    missing = r.windows.no_data("latency", "canary");
    if (fakes.clock.now() >= end) ask("abort");
  };
  process(false, 0);
  expect_good_end("by hand", "rolled_back");
  EXPECT_NE(missing.find("has not answered yet"), std::string::npos) << missing;
}

TEST_F(RunnerTest, a_metric_that_hangs_for_ever_keeps_nobody_from_the_end) {
  add_latency();
  hangs_for_ever = true;
  begin();
  outside.bad_per_reading = 20;
  const auto begun = std::chrono::steady_clock::now();
  process(false, 0);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(45));
  expect_good_end("by its rule", "rolled_back");
}

// What goes on while a step does its work, in threads.
class RunnerTaskTest : public RunnerTest {
 protected:
  // After so long in what was begun last.
  void ask_after(Duration time, const std::string& kind, const std::string& effect) {
    on_look = [this, time, kind, effect, since = std::optional<Instant>(),
               asked = false](const Rollout& r) mutable {
      if (asked || !r.outstanding || r.outstanding->kind != effect) return;
      if (!since) since = fakes.clock.now();
      if (fakes.clock.now() - *since < time) return;
      asked = true;
      asked_at = fakes.clock.now();
      ask(kind);
    };
  }
  std::optional<Instant> asked_at;
};

TEST_F(RunnerTaskTest, an_abort_cuts_off_what_hangs_and_is_carried_out_at_once) {
  go_by_tasks();
  tasks_hang = true;
  begin();
  ask_after(Duration::seconds(5), "abort", "hook");
  process(false, 0);
  EXPECT_EQ(rollout().state(), "rolled_back");
  EXPECT_EQ(tasks.all(), (std::vector<std::string>{"hook ./before", "cut off hook ./before"}));
  EXPECT_EQ(count_of_events("cut_off"), 1);
  ASSERT_TRUE(asked_at);
  EXPECT_LE(*rollout().finished, *asked_at + Duration::seconds(1));
}

TEST_F(RunnerTaskTest, a_tick_hears_it_too) {
  go_by_tasks();
  tasks_hang = true;
  begin();
  ask_after(Duration::seconds(5), "abort", "hook");
  process(true, 0);
  EXPECT_EQ(rollout().state(), "rolled_back");
  EXPECT_EQ(tasks.all(), (std::vector<std::string>{"hook ./before", "cut off hook ./before"}));
}

TEST_F(RunnerTaskTest, a_rule_that_fires_under_load_ends_it) {
  go_by_tasks();
  begin();
  kill_at_point = "before effect load";
  process(false, 0);
  ASSERT_EQ(rollout().outstanding->kind, "load");
  kill_at_point.clear();
  tasks_hang = true;
  on_look = [&](const Rollout& r) {
    if (r.is_over() || r.phase == Phase::rolling_back) return;
    outside.bad_per_reading = 20;
  };
  // The hook of the way back must not hang as well: it is told by the next process.
  kill_at_point = "before effect hook";
  process(true, 0);
  EXPECT_EQ(rollout().cause_kind, "rule") << rollout().cause;
  EXPECT_EQ(outside.canary_bp, 0);
  EXPECT_EQ(tasks.count("cut off load"), 1);
  kill_at_point.clear();
  tasks_hang = false;
  process(false, 0);
  expect_good_end("after load", "rolled_back");
  EXPECT_EQ(tasks.count("hook ./back"), 1);
}

TEST_F(RunnerTaskTest, what_was_not_written_down_is_done_again_and_what_was_is_not) {
  go_by_tasks();
  begin();
  kill_at_point = "after effect check";
  process(false, 0);
  EXPECT_EQ(tasks.count("check warm"), 1);
  kill_at_point = "before effect smoke";
  process(false, 0);
  EXPECT_EQ(tasks.count("check warm"), 2) << "its result was lost";
  kill_at_point.clear();
  process(false, 0);
  expect_good_end("run", "promoted");
  EXPECT_EQ(tasks.all(), (std::vector<std::string>{"hook ./before", "check warm", "check warm",
                                                   "smoke smoke.yaml", "load", "hook ./promoted"}));
}

TEST_F(RunnerTaskTest, who_is_killed_in_the_middle_of_it_leaves_it_to_the_next) {
  go_by_tasks();
  begin();
  tasks_hang = true;
  on_look = [&](const Rollout& r) {
    if (r.outstanding) throw Killed{};
  };
  process(false, 0);
  on_look = {};
  tasks_hang = false;
  process(false, 0);
  expect_good_end("run", "promoted");
  EXPECT_EQ(tasks.count("hook ./before"), 2);
}

TEST_F(RunnerTaskTest, the_lease_is_kept_all_the_while) {
  go_by_tasks();
  tasks_hang = true;
  begin();
  Duration longest;
  ask_after(Duration::seconds(600), "abort", "hook");
  on_look = [&, ask = on_look](const Rollout& r) {
    ask(r);
    auto store = state::Store::open(path);
    const auto holder = Journal(store->database(), fakes.world).holder({"shop", ""});
    ASSERT_TRUE(holder);
    longest = std::max(longest, fakes.clock.now() - holder->heartbeat);
  };
  process(false, 0);
  EXPECT_EQ(rollout().state(), "rolled_back");
  EXPECT_LT(longest, kLeaseLasts);
}

TEST_F(RunnerTaskTest, an_abort_is_heard_while_what_was_before_is_measured) {
  Value value = parse_json_or_throw(spec, "spec");
  value.as_map()["rollback"].as_list().push_back(parse_json_or_throw(
      R"({"name": "slow", "when": "canary.latency > 2 * before.latency"})", "rule"));
  spec = to_json(value);
  add_latency();
  hangs_for_ever = true;
  begin();
  ask_after(Duration::seconds(3), "abort", "before");
  process(false, 0);
  ASSERT_TRUE(asked_at);
  EXPECT_EQ(rollout().state(), "rolled_back");
  EXPECT_LE(*rollout().finished, *asked_at + Duration::seconds(2));
}

TEST_F(RunnerTest, a_lease_is_not_kept_by_another_process_with_the_same_id) {
  begin();
  auto store = state::Store::open(path);
  Journal mine(store->database(), fakes.world);
  mine.take_lease({"shop", ""}, "ada");
  fakes.environment.started = "2000";
  EXPECT_FALSE(mine.holder({"shop", ""}));
  Journal theirs(store->database(), fakes.world);
  theirs.take_lease({"shop", ""}, "bob");
  EXPECT_EQ(theirs.holder({"shop", ""})->actor, "bob");
}

TEST_F(RunnerTest, two_at_once_are_told_apart) {
  begin();
  auto store = state::Store::open(path);
  Journal mine(store->database(), fakes.world);
  fakes.clock.tick(Duration::milliseconds(345));
  mine.take_lease({"shop", ""}, "ada");
  auto other = state::Store::open(path);
  Journal theirs(other->database(), fakes.world);
  try {
    theirs.take_lease({"shop", ""}, "bob");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::locked);
    const std::string what = error.what();
    EXPECT_EQ(what.find('.'), std::string::npos) << "more than seconds: " << what;
  }
  fakes.environment.alive.clear();  // ada's process is gone
  theirs.take_lease({"shop", ""}, "bob");
  // Ada wakes up: what she writes is refused.
  Stepped stepped;
  stepped.rollout = mine.load("shop-1");
  try {
    mine.record(stepped, {});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::locked);
  }
}

// The heart of it: killed at each point, by run and by tick, on the way forward and back.
class RunnerCrashTest : public RunnerTest {
 protected:
  // Everything from the beginning, with a kill at point `at`; false when there is no such point.
  bool once(int at, bool ticks, bool bad) {
    outside = {};
    outside.bad_per_reading = bad ? 20 : 0;
    {
      auto store = state::Store::open(path);
      store->database().execute(
          "DELETE FROM deploy_effect; DELETE FROM deploy_sample; DELETE FROM deploy_event; DELETE "
          "FROM deploy_request; DELETE FROM deploy_lease; DELETE FROM deploy_rollout;");
    }
    begin();
    int left = at;
    bool killed = false;
    for (int i = 0; i < 200 && !rollout().is_over(); ++i) {
      const int passed = process(ticks, killed ? 0 : left);
      if (!killed && passed >= left) {
        killed = true;
      } else if (!killed) {
        left -= passed;
      }
      if (ticks) fakes.clock.tick(Duration::seconds(10));
    }
    expect_good_end((ticks ? "tick, point " : "run, point ") + std::to_string(at),
                    bad ? "rolled_back" : "promoted");
    return killed;
  }
  int each(bool ticks, bool bad) {
    int at = 1;
    while (once(at, ticks, bad) && !HasFailure()) ++at;
    return at - 1;
  }
};

TEST_F(RunnerCrashTest, run_killed_anywhere_on_the_way_forward_ends_the_same) {
  EXPECT_GT(each(false, false), 60);
}
TEST_F(RunnerCrashTest, run_killed_anywhere_with_testers_and_copies_ends_the_same) {
  go_by_testers();
  EXPECT_GT(each(false, false), 70);
}
TEST_F(RunnerCrashTest, run_killed_anywhere_with_bad_testers_ends_the_same) {
  go_by_testers();
  EXPECT_GT(each(false, true), 30);
}
TEST_F(RunnerCrashTest, tick_killed_anywhere_with_testers_and_copies_ends_the_same) {
  go_by_testers();
  EXPECT_GT(each(true, false), 70);
}
TEST_F(RunnerCrashTest, killed_anywhere_around_its_tasks_ends_the_same) {
  go_by_tasks();
  EXPECT_GT(each(false, false), 50);
  EXPECT_GT(each(false, true), 30);
  EXPECT_GT(each(true, true), 30);
}
TEST_F(RunnerCrashTest, run_killed_anywhere_on_the_way_back_ends_the_same) {
  EXPECT_GT(each(false, true), 30);
}
TEST_F(RunnerCrashTest, tick_killed_anywhere_ends_the_same) {
  EXPECT_GT(each(true, false), 50);
  EXPECT_GT(each(true, true), 30);
}

}  // namespace
}  // namespace autopilot::deploy
