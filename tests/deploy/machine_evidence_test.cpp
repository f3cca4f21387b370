// What a rollout is judged by: rules, analyses, and data that is not there.
#include <gtest/gtest.h>

#include <set>

#include "tests/deploy/machine_world.h"

namespace autopilot::deploy {
namespace {

using testing::MachineWorld;
using testing::spec_with;

// `deploy tick` from cron brings many rows at once: what was measured in between is no gap.
TEST(machine, a_tick_credits_all_rows_since_the_last_one_and_no_gap_between_them) {
  MachineWorld w;
  w.until([&] { return w.rollout.weight_bp == 500 && w.rollout.doing == "watch"; });
  w.tick();
  const auto tick = [&](int rows, int missing) {
    const std::int64_t before = w.rollout.held.nanos;
    Observation seen;
    for (int i = 0; i < rows; ++i) {
      w.now = w.now + Duration::seconds(10);
      Observation one = w.measurement();
      seen.samples.insert(seen.samples.end(), one.samples.begin(), one.samples.end());
      if (i < missing) seen.samples.clear();
      one.samples = std::move(seen.samples);
      seen = std::move(one);
    }
    w.see(std::move(seen));
    return (w.rollout.held.nanos - before) / 1'000'000'000;
  };
  EXPECT_EQ(tick(4, 0), 40);
  EXPECT_EQ(w.count("gap"), 0);
  EXPECT_LT(tick(6, 5), 10) << "five rows are missing";
  EXPECT_NE(w.rollout.waiting.find("nothing was seen for 1m, and more than 30s (3 intervals)"),
            std::string::npos)
      << w.rollout.waiting;
  tick(1, 0);
  EXPECT_EQ(w.rollout.waiting, "");
}

// A log that is read with a delay of more than an interval, beside a metric that is there at once.
class LateErrors {
 public:
  MachineWorld w{spec_with(R"({"metrics": {
      "errors": {"provider": "prometheus", "kind": "count", "bad": "b", "total": "t",
                 "window": "1m", "min_requests": 10},
      "memory": {"provider": "process", "kind": "value"}}})")};

  void tick() {
    w.now = w.now + Duration::seconds(10);
    Observation seen = w.measurement();
    for (Sample& s : seen.samples) {
      s.from = s.from - Duration::seconds(12);
      s.to = s.to - Duration::seconds(12);
    }
    for (const char* arm : {"canary", "stable"}) {
      seen.samples.push_back({"memory", arm, w.now - Duration::seconds(10), w.now, 0, 0, 0.1, ""});
    }
    w.see(std::move(seen));
  }
  bool until(const std::function<bool()>& holds) {
    for (int i = 0; i < 100 && !holds(); ++i) tick();
    return holds();
  }
};

TEST(machine, what_comes_late_is_credited_though_another_metric_was_judged_later) {
  LateErrors late;
  EXPECT_TRUE(late.until([&] { return late.w.rollout.state() == "promoted"; }));
  EXPECT_EQ(late.w.count("gap"), 0);
}

TEST(machine, what_comes_late_is_judged_though_another_metric_was_judged_later) {
  LateErrors late;
  ASSERT_TRUE(late.until([&] { return late.w.rollout.weight_bp == 500; }));
  late.w.bad = 10;
  ASSERT_TRUE(late.until([&] { return late.w.rollout.is_over(); }));
  EXPECT_EQ(late.w.rollout.cause_kind, "rule") << late.w.rollout.cause;
}

TEST(machine, no_more_is_given_while_a_rule_holds_that_has_not_fired_yet) {
  MachineWorld w(spec_with(R"({"steps": [{"weight": "5%"}, {"weight": "50%"}]})"));
  w.bad = 10;
  ASSERT_TRUE(w.until([&] { return w.rollout.is_over(); }));
  EXPECT_EQ(w.weights(), (std::vector<int>{500, 0}))
      << "the rule takes 30 s to fire, the steps none";
}

TEST(machine, a_bad_version_goes_back_when_the_rule_held_for_its_time) {
  MachineWorld w;
  ASSERT_TRUE(w.until([&] { return w.rollout.weight_bp == 500; }));
  w.bad = 10;
  ASSERT_TRUE(w.until([&] { return w.rollout.is_over(); }));
  EXPECT_EQ(w.rollout.state(), "rolled_back");
  EXPECT_EQ(w.weights(), (std::vector<int>{500, 0}));
  EXPECT_EQ(w.rollout.weight_bp, 0);
  EXPECT_EQ(w.effects.back().kind, "stop");
  EXPECT_EQ(w.effects.back().args.find("slot")->as_string(), "green");
  EXPECT_NE(w.rollout.cause.find("canary.errors > 0.02 for 30s: canary.errors = 0.0"),
            std::string::npos)
      << w.rollout.cause;
  EXPECT_EQ(w.count("rolled_back"), 1);
}

TEST(machine, a_false_sample_or_a_gap_restarts_for) {
  MachineWorld w(spec_with(R"({"metrics": {"errors": {"provider": "prometheus", "kind": "count",
      "bad": "b", "total": "t", "window": "10s"}}})"));
  w.until([&] { return w.rollout.weight_bp == 500; });
  const auto since = [&] { return w.rollout.rules["errors"].since; };
  w.bad = 100;
  w.tick(2);
  ASSERT_TRUE(since());
  w.now = w.now + Duration::seconds(40);  // a gap of five intervals, more than three
  w.tick();
  EXPECT_EQ(since(), w.now);
  EXPECT_EQ(w.rollout.phase, Phase::forward);
  w.bad = 0;
  w.tick();
  EXPECT_FALSE(since());
}

TEST(machine, missing_data_never_promotes) {
  MachineWorld w;
  w.until([&] { return w.rollout.weight_bp == 500; });
  w.has_data = false;
  w.tick(600);
  EXPECT_EQ(w.weights(), std::vector<int>{500});
  EXPECT_LE(w.rollout.held, Duration::seconds(60));
  EXPECT_EQ(w.rollout.waiting, "no data: the hold does not go on (errors: connection refused)");
  w.until([&] { return w.rollout.is_over(); });  // by the deadline of the step
  EXPECT_EQ(w.rollout.state(), "rolled_back");
  EXPECT_EQ(w.rollout.cause_kind, "deadline");
}

TEST(machine, where_no_data_is_a_failure_it_goes_back_after_three_intervals) {
  MachineWorld w(spec_with(R"({"no_data": "fail"})"));
  w.until([&] { return w.rollout.weight_bp == 500; });
  w.tick(2);
  w.has_data = false;
  w.tick(3);
  EXPECT_EQ(w.rollout.phase, Phase::forward);
  w.tick();
  EXPECT_EQ(w.rollout.state(), "rolled_back");
  EXPECT_EQ(w.rollout.cause_kind, "metric");
}

// A log is read with two seconds of delay: at an interval of one, three of them are no silence yet.
TEST(machine, the_known_delay_of_a_log_is_no_silence) {
  MachineWorld w(spec_with(
      R"({"no_data": "fail", "interval": "1s", "steps": [{"weight": "5%", "hold": "20s"}],
          "metrics": {"errors": {"provider": "nginx", "path": "access.log", "kind": "count"}}})"));
  bool logs = true;
  const auto second = [&] {
    w.now = w.now + Duration::seconds(1);
    Observation seen = w.measurement();
    if (!logs) seen.samples.clear();
    for (Sample& s : seen.samples) {
      s.from = s.from - Duration::milliseconds(3900);
      s.to = s.to - Duration::milliseconds(3900);  // delay, whole seconds, and a late look
    }
    w.see(std::move(seen));
  };
  for (int i = 0; i < 15; ++i) second();
  EXPECT_EQ(w.rollout.weight_bp, 500);
  EXPECT_EQ(w.rollout.phase, Phase::forward) << w.rollout.cause;
  EXPECT_EQ(w.rollout.waiting.find("no data"), std::string::npos) << w.rollout.waiting;
  logs = false;
  for (int i = 0; i < 3; ++i) second();
  EXPECT_EQ(w.rollout.cause.find("metric errors: no data since 2026-"), 0U) << w.rollout.cause;
}

TEST(machine, too_few_requests_are_no_evidence) {
  MachineWorld w;
  w.total = 1;  // six in the window of a minute; ten are wanted
  w.until([&] { return w.rollout.weight_bp == 500; });
  w.tick(60);
  EXPECT_EQ(w.weights(), std::vector<int>{500});
  EXPECT_EQ(w.rollout.waiting,
            "no data of errors: 6 requests in 1m, of 10 wanted: the hold does not go on");
  EXPECT_EQ(w.rollout.rules.at("errors").why,
            "canary.errors = none: 6 requests in 1m, of 10 wanted");
}

TEST(machine, time_in_which_nobody_came_is_not_observed) {
  MachineWorld w;
  w.total = 0;
  w.until([&] { return w.rollout.weight_bp == 500; });
  w.tick(60);
  EXPECT_EQ(w.rollout.held, Duration{});
  EXPECT_EQ(w.rollout.waiting, "no data of errors: no requests in 1m: the hold does not go on");
  w.total = 100;
  w.tick(2);
  EXPECT_EQ(w.rollout.weight_bp, 500) << "a minute of users, not one of them";
  w.tick(6);
  EXPECT_EQ(w.rollout.weight_bp, 5000);
}

TEST(machine, testers_come_when_they_like) {
  MachineWorld w(testing::spec_with(
      R"({"traffic": {"provider": "nginx", "directory": "d"},
          "steps": [{"name": "testers", "match": {"header": "X-Beta", "exact": "1"}, "hold": "10m"},
                    {"name": "half", "weight": "50%"}]})"));
  w.total = 0;
  w.until([&] { return w.rollout.has_traffic(); });
  w.tick(60);
  EXPECT_EQ(w.rollout.weight_bp, 0);
  EXPECT_EQ(w.rollout.waiting, "no data of errors: no requests in 1m");
  w.total = 100;
  w.tick();
  EXPECT_GT(w.rollout.weight_bp, 0);
}

TEST(machine, analyses_must_pass_and_a_failure_goes_back) {
  Verdict verdict = Verdict::hold;
  const JudgeFunction judge = [&](const Value&, const std::vector<Judgeable>& metrics, const Value&,
                                  const std::vector<Sample>&) {
    Judged judged;
    judged.verdict = verdict;
    judged.why = "because";
    judged.metrics.push_back({metrics.at(0).name, verdict, "because", {}});
    return judged;
  };
  const std::string spec =
      spec_with(R"({"steps": [{"weight": "5%", "hold": "1m", "analysis": "sequential"},
                              {"weight": "50%", "hold": "1m"}]})");
  MachineWorld w(spec, judge);
  w.tick(60);
  EXPECT_EQ(w.weights(), std::vector<int>{500});
  EXPECT_EQ(w.rollout.waiting, "analysis sequential: because");
  verdict = Verdict::pass;
  w.tick();
  EXPECT_EQ(w.rollout.weight_bp, 5000);
  verdict = Verdict::fail;  // it goes on in the steps that follow
  w.tick();
  EXPECT_EQ(w.rollout.state(), "rolled_back");
  EXPECT_EQ(w.rollout.cause, "analysis sequential: because");
}

TEST(machine, the_clock_may_jump_and_nothing_is_credited_for_it) {
  MachineWorld w;
  w.until([&] { return w.rollout.weight_bp == 500; });
  w.tick(2);
  const Duration held = w.rollout.held;
  w.now = w.now + Duration::seconds(7200);
  w.tick();
  EXPECT_LE(w.rollout.held, Duration{held.nanos + Duration::seconds(10).nanos});
  w.now = w.now - Duration::seconds(9000);
  w.tick(3);
  EXPECT_LE(w.rollout.held, Duration{held.nanos + Duration::seconds(40).nanos});
  w.until([&] { return w.rollout.is_over(); });
  EXPECT_EQ(w.rollout.state(), "promoted");
}

TEST(machine, a_rule_that_only_tells_does_so_each_time_that_it_begins_to_hold) {
  MachineWorld w(spec_with(R"({"steps": [{"weight": "5%", "hold": "1h"}],
      "rollback": [{"name": "errors", "when": "canary.errors > 0.02", "on_fail": "notify"}]})"));
  ASSERT_TRUE(w.until([&] { return w.rollout.weight_bp == 500; }));
  for (int i = 0; i < 2; ++i) {
    w.bad = 10;
    w.tick(12);
    w.bad = 0;
    w.tick(12);
  }
  std::set<std::string> keys;
  for (const Event& e : w.events) {
    if (e.kind != "warning") continue;
    EXPECT_TRUE(keys.insert(e.key).second) << e.key;
  }
  EXPECT_EQ(keys.size(), 2U);
  EXPECT_EQ(w.rollout.state(), "stepping");
}

}  // namespace
}  // namespace autopilot::deploy
