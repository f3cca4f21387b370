#include "core/deploy/analysis.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/error.h"
#include "core/base/json.h"
#include "tests/deploy/samples.h"

namespace autopilot::deploy {
namespace {

using testing::HasSubstr;

const std::vector<Judgeable> kErrors{{.name = "errors"}};

Value parsed(const char* json) { return parse_json_or_throw(json, "an analysis"); }

const Value kSequential = parsed(R"({"method": "sequential", "slo": "1%"})");

// Both arms for some ticks from `first` on.
std::vector<Sample> ticks(int first, int count, std::int64_t canary_bad, std::int64_t canary,
                          std::int64_t stable_bad, std::int64_t stable) {
  std::vector<Sample> out;
  for (int t = first; t < first + count; ++t) {
    out.push_back(count_sample("canary", t, canary_bad, canary));
    out.push_back(count_sample("stable", t, stable_bad, stable));
  }
  return out;
}

TEST(Sequential, a_canary_like_stable_passes) {
  const Judged judged = judge(kSequential, kErrors, {}, ticks(1, 60, 0, 50, 3, 950));
  EXPECT_EQ(judged.verdict, Verdict::pass) << judged.why;
}

TEST(Sequential, a_worse_canary_fails_under_its_objective_and_says_why) {
  const Judged judged = judge(kSequential, kErrors, {}, ticks(1, 60, 1, 125, 2, 2375));
  EXPECT_EQ(judged.verdict, Verdict::fail);
  EXPECT_THAT(judged.why, HasSubstr("errors: worse than 1.25 times the stable arm, e-value"));
  EXPECT_THAT(judged.why, HasSubstr("canary 60 of 7500 (0.8%), stable 120 of 142500 (0.0842%)"));
}

TEST(Sequential, a_gross_breach_fails_at_once) {
  const Judged judged = judge(kSequential, kErrors, {}, ticks(1, 2, 20, 50, 0, 950));
  EXPECT_EQ(judged.verdict, Verdict::fail) << judged.why;
}

TEST(Sequential, a_breach_without_a_stable_arm_fails_when_it_lasts) {
  std::vector<Sample> samples;
  for (int t = 1; t <= 20; ++t) samples.push_back(count_sample("canary", t, 8, 200));
  const Judged early = judge(kSequential, kErrors, {}, {samples.begin(), samples.begin() + 12});
  const Judged late = judge(kSequential, kErrors, {}, samples);
  EXPECT_EQ(early.verdict, Verdict::hold) << early.why;
  EXPECT_EQ(late.verdict, Verdict::fail) << late.why;
  EXPECT_THAT(late.why, HasSubstr("over the objective of 1% since"));
}

TEST(Sequential, an_incident_on_both_arms_holds) {
  const Judged judged = judge(kSequential, kErrors, {}, ticks(1, 60, 3, 50, 57, 950));
  EXPECT_EQ(judged.verdict, Verdict::hold);
  EXPECT_THAT(judged.why, HasSubstr("the stable arm is over the objective of 1%, too"));
}

TEST(Sequential, too_few_requests_hold) {
  const Judged judged = judge(kSequential, kErrors, {}, ticks(1, 4, 0, 10, 0, 190));
  EXPECT_EQ(judged.verdict, Verdict::hold);
  EXPECT_THAT(judged.why, HasSubstr("too few requests: 40 of 50"));
}

TEST(Sequential, no_data_holds_whatever_came_before) {
  std::vector<Sample> samples = ticks(1, 60, 0, 50, 3, 950);
  samples.push_back(silent_sample("canary", 61, "connection refused"));
  const Judged judged = judge(kSequential, kErrors, {}, samples);
  EXPECT_EQ(judged.verdict, Verdict::hold);
  EXPECT_THAT(judged.why, HasSubstr("no data: connection refused"));
}

TEST(Sequential, nothing_seen_holds) {
  EXPECT_EQ(judge(kSequential, kErrors, {}, {}).verdict, Verdict::hold);
  EXPECT_EQ(judge(kSequential, {}, {}, {}).verdict, Verdict::hold);
}

TEST(Sequential, one_by_one_is_the_same_as_at_once_and_repeats_do_not_count) {
  const std::vector<Sample> samples = ticks(1, 30, 1, 60, 5, 940);
  Value state;
  std::vector<Sample> seen;
  for (const Sample& sample : samples) {
    seen.push_back(sample);
    if (sample.arm == "canary") continue;
    // Every look gets the tick before it once more, and the state through its JSON.
    const std::size_t from = seen.size() > 4 ? seen.size() - 4 : 0;
    state = judge(kSequential, kErrors, state,
                  {seen.begin() + static_cast<std::ptrdiff_t>(from), seen.end()})
                .state;
    state = parsed(to_json(state).c_str());
  }
  EXPECT_EQ(to_canonical_json(state),
            to_canonical_json(judge(kSequential, kErrors, {}, samples).state));
}

TEST(Sequential, alpha_is_split_over_the_metrics) {
  const Judged one = judge(kSequential, kErrors, {}, ticks(1, 1, 0, 50, 0, 950));
  const Judged two =
      judge(kSequential, {{.name = "errors"}, {.name = "slow"}}, {}, ticks(1, 1, 0, 50, 0, 950));
  EXPECT_DOUBLE_EQ(one.metrics[0].numbers.find("threshold")->as_double(), 200);
  EXPECT_DOUBLE_EQ(two.metrics[0].numbers.find("threshold")->as_double(), 400);
}

TEST(Sequential, overdispersion_asks_for_more_evidence) {
  const Value noisy = parsed(R"({"method": "sequential", "slo": "1%", "overdispersion": 6})");
  const std::vector<Sample> samples = ticks(1, 12, 1, 125, 2, 2375);
  EXPECT_EQ(judge(kSequential, kErrors, {}, samples).verdict, Verdict::fail);
  EXPECT_EQ(judge(noisy, kErrors, {}, samples).verdict, Verdict::pass);
}

TEST(Sequential, a_value_is_judged_against_its_bound) {
  const Value precision = parsed(R"({"method": "sequential",
      "options": {"bounds": [0, 1], "at_least": 0.94}})");
  const std::vector<Judgeable> metric{{.name = "precision", .is_count = false}};
  std::vector<Sample> good, bad;
  for (int t = 1; t <= 400; ++t) {
    good.push_back(value_sample("canary", t, t % 2 == 0 ? 0.93 : 0.97, "precision"));
    bad.push_back(value_sample("canary", t, t % 2 == 0 ? 0.78 : 0.82, "precision"));
  }
  EXPECT_EQ(judge(precision, metric, {}, good).verdict, Verdict::pass);
  const Judged judged = judge(precision, metric, {}, bad);
  EXPECT_EQ(judged.verdict, Verdict::fail);
  EXPECT_THAT(judged.why, HasSubstr("mean 0.8 of 400 values, wanted at least 0.94"));
}

TEST(Sequential, a_value_is_judged_against_stable) {
  const Value roi = parsed(R"({"method": "sequential",
      "options": {"bounds": [0, 10], "at_least_of_stable": 0.8}})");
  const std::vector<Judgeable> metric{{.name = "roi", .is_count = false}};
  std::vector<Sample> same, worse;
  for (int t = 1; t <= 600; ++t) {
    for (std::vector<Sample>* into : {&same, &worse}) {
      into->push_back(value_sample("stable", t, 6, "roi"));
      into->push_back(value_sample("canary", t, into == &same ? 6 : 2, "roi"));
    }
  }
  EXPECT_EQ(judge(roi, metric, {}, same).verdict, Verdict::pass);
  EXPECT_EQ(judge(roi, metric, {}, worse).verdict, Verdict::fail);
}

TEST(Sequential, a_value_without_known_bounds_is_refused) {
  const std::vector<Judgeable> metric{{.name = "roi", .is_count = false}};
  EXPECT_THROW(judge(kSequential, metric, {}, {}), Error);
}

TEST(Kayenta, a_higher_canary_fails_and_few_values_hold) {
  const Value analysis = parsed(R"({"method": "kayenta"})");
  const std::vector<Judgeable> metric{{.name = "latency", .is_count = false}};
  std::vector<Sample> samples;
  for (int t = 1; t <= 30; ++t) {
    samples.push_back(value_sample("canary", t, 200 + t % 7));
    samples.push_back(value_sample("stable", t, 100 + t % 7));
  }
  EXPECT_EQ(judge(analysis, metric, {}, samples).verdict, Verdict::fail);
  EXPECT_EQ(judge(analysis, metric, {}, {samples.begin(), samples.begin() + 10}).verdict,
            Verdict::hold);
  const Value lower = parsed(R"({"method": "exact"})");
  EXPECT_EQ(
      judge(lower, {{.name = "latency", .is_count = false, .lower_is_bad = true}}, {}, samples)
          .verdict,
      Verdict::pass);
}

TEST(BurnRate, a_fast_burn_fails_and_a_spike_that_is_over_does_not) {
  const Value analysis = parsed(R"({"method": "burn_rate", "slo": "0.1%"})");
  const Judged fast = judge(analysis, kErrors, {}, ticks(1, 60, 3, 100, 0, 900));
  EXPECT_EQ(fast.verdict, Verdict::fail);
  EXPECT_THAT(fast.why, HasSubstr("the budget of 0.1% burns 30 times too fast over 1h"));
  const Judged over = judge(analysis, kErrors, fast.state, ticks(61, 200, 0, 100, 0, 900));
  EXPECT_EQ(over.verdict, Verdict::pass) << over.why;
}

TEST(BurnRate, without_requests_it_holds) {
  const Value analysis = parsed(R"({"method": "burn_rate", "slo": "0.1%"})");
  EXPECT_EQ(judge(analysis, kErrors, {}, ticks(1, 60, 0, 0, 0, 900)).verdict, Verdict::hold);
  EXPECT_THROW(judge(parsed(R"({"method": "burn_rate"})"), kErrors, {}, {}), Error);
}

TEST(Analysis, an_unknown_method_is_refused) {
  EXPECT_THROW(judge(parsed(R"({"method": "oracle"})"), kErrors, {}, {}), Error);
}

}  // namespace
}  // namespace autopilot::deploy
