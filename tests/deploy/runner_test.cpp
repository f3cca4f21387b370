// A rollout carried out over a real journal and a world of fakes, stopped at every point where a
// process can die and gone on with by the next.
#include "core/deploy/runner.h"

#include <gtest/gtest.h>

#include <set>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/state/store.h"
#include "tests/deploy/machine_world.h"
#include "tests/fakes.h"
#include "tests/state/scratch.h"

namespace autopilot::deploy {
namespace {

using autopilot::testing::FakeWorld;
using autopilot::testing::Scratch;

// What outlives a process: the proxy, the slots, the service behind them.
struct Outside {
  int canary_bp = 0;
  std::map<std::string, std::string> running{{"blue", "v1"}};
  bool proxy_is_dead = false, proxy_lies = false;
  std::int64_t bad_per_reading = 0;
  std::vector<std::string> deeds;
  std::set<std::string> asked;
};

class FakeTraffic final : public Traffic {
 public:
  explicit FakeTraffic(Outside& o) : o_(o) {}
  Value install(const std::vector<int>&) override { return {}; }
  void set(const Split& split) override {
    if (o_.proxy_is_dead) throw Error(ErrorKind::outside, "connection refused");
    if (o_.proxy_lies && split.canary_bp > 0) return;
    o_.canary_bp = split.canary_bp;
    o_.deeds.push_back("weight " + std::to_string(split.canary_bp));
  }
  SplitCheck verify(const Split& split) override {
    if (o_.proxy_is_dead) return {false, "connection refused", {}};
    return {o_.canary_bp == split.canary_bp, "seen " + std::to_string(o_.canary_bp), {}};
  }
  std::map<std::string, int> shares() override { return {}; }
  std::optional<std::int64_t> open_connections(const std::string&) override { return 0; }
  bool takes_any_weight() const override { return true; }

 private:
  Outside& o_;
};

class FakeProcess final : public Process {
 public:
  explicit FakeProcess(Outside& o) : o_(o) {}
  void start(const Slot& slot, const std::string& version) override {
    if (o_.running[slot.name] != version) o_.deeds.push_back("start " + slot.name + " " + version);
    o_.running[slot.name] = version;
  }
  void stop(const Slot& slot, Duration) override {
    if (!o_.running[slot.name].empty()) o_.deeds.push_back("stop " + slot.name);
    o_.running[slot.name].clear();
  }
  Running observe(const Slot& slot) override {
    Running r;
    r.version = o_.running[slot.name];
    r.running = !r.version.empty();
    return r;
  }

 private:
  Outside& o_;
};

class FakeMetrics final : public Metrics {
 public:
  explicit FakeMetrics(Outside& o) : o_(o) {}
  Reply read(const Query& query) override {
    Reply reply;
    reply.reading = Reading::increments;
    const bool canary = query.arm == "canary" && o_.canary_bp > 0;  // who is served can be failed
    reply.total.push_back({"", {{query.to, 100}}});
    reply.bad.push_back({"", {{query.to, canary ? static_cast<double>(o_.bad_per_reading) : 0}}});
    return reply;
  }
  bool has_history() const override { return true; }

 private:
  Outside& o_;
};

class FakeDecider final : public Decider {
 public:
  explicit FakeDecider(Outside& o) : o_(o) {}
  Decided decide(const Question& q) override {
    o_.asked.insert(q.rollout + "/" + std::to_string(q.effect));
    return {"allowed", "d", "", q.weight_bp};
  }
  Decided resume(const Question& q, const std::string&) override { return decide(q); }

 private:
  Outside& o_;
};

struct Killed {};

class RunnerTest : public ::testing::Test {
 protected:
  const Scratch scratch;
  FakeWorld fakes;
  Outside outside;
  const std::string path = scratch.path("state.db");

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
    r.spec = parse_json_or_throw(testing::kSpec, "spec");
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
    settings.at_point = [&](std::string_view) {
      if (++points == kill_at) throw Killed{};
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
  mine.take_lease({"shop", ""}, "ada");
  auto other = state::Store::open(path);
  Journal theirs(other->database(), fakes.world);
  try {
    theirs.take_lease({"shop", ""}, "bob");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::locked);
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
TEST_F(RunnerCrashTest, run_killed_anywhere_on_the_way_back_ends_the_same) {
  EXPECT_GT(each(false, true), 30);
}
TEST_F(RunnerCrashTest, tick_killed_anywhere_ends_the_same) {
  EXPECT_GT(each(true, false), 50);
  EXPECT_GT(each(true, true), 30);
}

}  // namespace
}  // namespace autopilot::deploy
