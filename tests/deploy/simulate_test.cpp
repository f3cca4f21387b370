// Rollouts in virtual time over made-up samples.
#include "core/deploy/simulate.h"

#include <gtest/gtest.h>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/policy/deployment.h"

namespace autopilot::deploy {
namespace {

constexpr const char* kSpec = R"({
  "preset": "canary-5-25-100",
  "slots": {"blue": {"port": 8001}, "green": {"port": 8002}},
  "process": {"provider": "exec"}, "traffic": {"provider": "exec"},
  "metrics": {"errors": {"provider": "prometheus", "kind": "count", "bad": "b", "total": "t"},
              "latency": {"provider": "prometheus", "kind": "count", "bad": "b", "total": "t"},
              "precision": {"provider": "exec", "kind": "value"}}
})";

// Over within the hour when all is well.
constexpr const char* kShort = R"({
  "slots": {"blue": {"port": 8001}, "green": {"port": 8002}},
  "process": {"provider": "exec"}, "traffic": {"provider": "exec"},
  "metrics": {"errors": {"provider": "prometheus", "kind": "count", "bad": "b", "total": "t"}},
  "steps": [{"weight": "5%", "hold": "20m", "analysis": "sequential"},
            {"weight": "50%", "hold": "20m"}],
  "analyses": {"sequential": {"method": "sequential", "metrics": ["errors"], "overdispersion": 1}},
  "deadlines": {"step": "1h"}
})";

struct Case {
  Rollout rollout;
  std::vector<Sample> samples;
};

// `hours` of samples each ten seconds; from `bad_from` on the canary fails `bad` of 100 requests.
Case made(int hours, Duration bad_from = Duration{INT64_MAX}, std::int64_t bad = 0,
          const char* spec = kSpec) {
  Case c;
  Rollout& r = c.rollout;
  r.id = "s";
  r.deployment = "shop";
  r.version = "v2";
  r.previous = "v1";
  r.canary = "green";
  r.stable = "blue";
  r.boot_id = "boot";
  r.created = r.stage_since = *parse_rfc3339("2026-01-05T10:00:00Z");
  r.spec = policy::expand_deployment(parse_json_or_throw(spec, "spec"), "");
  for (int i = 1; i <= hours * 360; ++i) {
    const Instant to = r.created + Duration::seconds(10 * i);
    for (const char* arm : {"canary", "stable"}) {
      const bool is_bad = to - r.created >= bad_from && std::string(arm) == "canary";
      for (const char* metric : {"errors", "latency"})
        c.samples.push_back(
            {metric, arm, to - Duration::seconds(10), to, is_bad ? bad : 0, 100, std::nullopt, ""});
      c.samples.push_back({"precision", arm, to - Duration::seconds(10), to, 0, 0, 0.951, ""});
    }
  }
  return c;
}

JudgeFunction real_judge() {
  return [](const Value& a, const std::vector<Judgeable>& m, const Value& s,
            const std::vector<Sample>& samples) { return judge(a, m, s, samples); };
}

Simulation run(Case c, std::vector<Fault> faults = {}) {
  Strategy strategy(c.rollout, real_judge());
  return simulate({std::move(c.rollout), std::move(c.samples), std::move(faults)}, strategy);
}

TEST(simulate, says_what_testers_and_copies_there_would_have_been) {
  Value spec = parse_json_or_throw(kShort, "spec");
  spec.as_map()["steps"] = parse_json_or_throw(
      R"([{"match": {"header": "X-Beta", "exact": "1"}, "hold": "5m"}, {"mirror": "20%", "hold": "5m"},
          {"end": "match"}, {"mirror": "20%", "hold": "5m"}, {"weight": "50%", "hold": "5m"}])",
      "steps");
  const std::string text = to_json(spec);
  const Simulation done = run(made(1, Duration{INT64_MAX}, 0, text.c_str()));
  EXPECT_EQ(done.rollout.state(), "promoted");
  EXPECT_GT(done.rollout.copied, 1000);
  EXPECT_GT(done.rollout.served, 1000);
  std::vector<std::string> weights;
  for (const SimulatedEvent& e : done.events) {
    if (e.kind == "weight") weights.push_back(e.text);
  }
  ASSERT_EQ(weights.size(), 5u);
  EXPECT_EQ(weights[0], "v2 has 0% of the traffic, those whose header X-Beta is 1");
  EXPECT_EQ(weights[1], "v2 has 0% of the traffic, those whose header X-Beta is 1, copies of 20%");
  EXPECT_EQ(weights[2], "v2 has 0% of the traffic, copies of 20%");
  EXPECT_EQ(weights[4], "v2 has 100% of the traffic");
}

TEST(simulate, a_good_version_takes_twelve_hours_and_two_days_of_bake) {
  const Simulation s = run(made(62));
  EXPECT_EQ(s.rollout.state(), "promoted") << s.rollout.waiting;
  const Duration took = *s.rollout.finished - s.rollout.created;
  EXPECT_GE(took, Duration::seconds(60 * 3600));
  EXPECT_LE(took, Duration::seconds(60 * 3600 + 300));
  // What is kept does not grow with the time: a minute of three metrics for two arms.
  EXPECT_LE(s.most_samples_kept, 6u * 8);
}

TEST(simulate, a_bad_version_is_found_and_exposure_is_told) {
  const Simulation s = run(made(12, Duration::seconds(3 * 3600), 10));
  EXPECT_EQ(s.rollout.state(), "rolled_back");
  EXPECT_EQ(s.rollout.cause_kind, "analysis");
  EXPECT_LE(*s.rollout.finished - s.rollout.created, Duration::seconds(3 * 3600 + 180));
  EXPECT_GT(s.rollout.served, 100000);
  EXPECT_GT(s.rollout.served_bad, 0);
}

TEST(simulate, faults_are_met_and_told) {
  const auto with = [](const char* fault) {
    return run(made(3, Duration{INT64_MAX}, 0, kShort), {parse_fault(fault)});
  };
  EXPECT_EQ(with("reboot@10m").rollout.state(), "promoted");
  EXPECT_EQ(with("kill@10m-15m").rollout.state(), "promoted");
  EXPECT_EQ(with("blind@10m-15m").rollout.state(), "promoted");
  EXPECT_EQ(with("dead@10m").rollout.cause_kind, "health");
  const Simulation blind = with("blind@10m");
  EXPECT_EQ(blind.rollout.weight_bp, 0) << blind.rollout.state();
  EXPECT_EQ(blind.rollout.cause_kind, "deadline");
}

TEST(simulate, faults_that_nobody_knows_are_refused) {
  for (const char* text : {"dead", "dead@", "dead@x", "fire@1h", "blind@2h-1h"})
    EXPECT_THROW(parse_fault(text), Error) << text;
}

TEST(simulate, a_record_that_ends_early_leaves_it_in_progress) {
  const Simulation s = run(made(1));
  EXPECT_FALSE(s.rollout.is_over());
  EXPECT_EQ(s.rollout.weight_bp, 500);
}

TEST(simulate, samples_further_apart_than_a_gap_are_doubtful) {
  Case c = made(1, Duration{INT64_MAX}, 0, kShort);
  const Strategy strategy(c.rollout, real_judge());
  EXPECT_TRUE(doubts(c.samples, c.rollout.created, strategy).empty());
  std::vector<Sample> sparse;
  for (const Sample& s : c.samples) {
    if (s.to.seconds % 60 == 0) sparse.push_back(s);
  }
  const std::vector<std::string> all = doubts(sparse, c.rollout.created, strategy);
  ASSERT_EQ(all.size(), 1U);
  EXPECT_NE(all[0].find("samples of errors come every 1m"), std::string::npos) << all[0];
}

TEST(simulate, a_metric_without_samples_is_doubtful) {
  Case c = made(1);
  std::erase_if(c.samples, [](const Sample& s) { return s.metric == "latency"; });
  const std::vector<std::string> all =
      doubts(c.samples, c.rollout.created, {c.rollout, real_judge()});
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0], "there are no samples of latency to go on with");
}

TEST(simulate, samples_that_say_nothing_are_refused) {
  Case c = made(1, Duration{INT64_MAX}, 0, kShort);
  const Strategy strategy(c.rollout, real_judge());
  EXPECT_THROW(doubts({}, c.rollout.created, strategy), Error);
  EXPECT_THROW(doubts(c.samples, c.rollout.created + Duration::seconds(3600), strategy), Error)
      << "it begins after the last one";
  for (Sample& s : c.samples) s.metric = "erors";
  try {
    doubts(c.samples, c.rollout.created, strategy);
    FAIL() << "of another metric";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "the samples are of erors, which shop does not measure");
    EXPECT_EQ(error.hint(), "did you mean errors?");
  }
}

}  // namespace
}  // namespace autopilot::deploy
