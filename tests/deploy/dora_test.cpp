// The five metrics of DORA, on histories written by hand.
#include "core/deploy/dora.h"

#include <gtest/gtest.h>

#include "core/base/json.h"

namespace autopilot::deploy {
namespace {

constexpr std::int64_t kDay = 86400;
const Instant kStart{1'800'000'000, 0};

// One that began `at` seconds after the start and took a minute.
Rollout promoted(const std::string& version, std::int64_t at) {
  Rollout r;
  r.version = version;
  r.spec = Map{};
  r.phase = Phase::promoted;
  r.created = kStart + Duration::seconds(at);
  r.finished = r.created + Duration::seconds(60);
  r.exposure = 10;
  return r;
}
// It was decided 20 s after the beginning, and nobody was on it 2 s later.
Rollout taken_back(const std::string& version, std::int64_t at, double exposure) {
  Rollout r = promoted(version, at);
  r.phase = Phase::rolled_back;
  r.exposure = exposure;
  r.rollback_since = r.created + Duration::seconds(20);
  r.zero_since = r.created + Duration::seconds(22);
  return r;
}
Rollout in(std::string environment, Rollout r) {
  r.environment = std::move(environment);
  return r;
}
// Given oldest first.
Value dora(std::vector<Rollout> rollouts, DoraSettings settings = {}) {
  std::reverse(rollouts.begin(), rollouts.end());
  settings.from = kStart;
  settings.to = kStart + Duration::seconds(28 * kDay);
  return describe_dora(rollouts, settings).data;
}
double number(const Value& of, const char* name) { return of.get(name)->as_double(); }

TEST(Dora, nothing_deployed_is_no_rate_of_nothing) {
  const Value d = dora({});
  EXPECT_EQ(number(d, "deployments"), 0);
  for (const char* unknown :
       {"change_fail_rate", "change_fail_rate_exposed", "deployment_rework_rate",
        "change_lead_time_seconds", "failed_deployment_recovery_seconds"})
    EXPECT_TRUE(d.get(unknown)->is_null()) << unknown;
}

TEST(Dora, what_is_over_in_the_period_counts_and_nothing_else) {
  Rollout running = promoted("v4", 27 * kDay);
  running.phase = Phase::forward;
  running.finished.reset();
  const Value d = dora({promoted("v0", -60), promoted("v1", 0), promoted("v2", kDay),
                        promoted("v3", 28 * kDay - 60), running, promoted("v5", 28 * kDay)});
  EXPECT_EQ(number(d, "deployments"), 3) << "over in (from, to]";
  EXPECT_DOUBLE_EQ(number(d, "deployments_per_week"), 0.75);
}

TEST(Dora, one_taken_back_fails_and_reached_users_only_where_it_served) {
  const Value d = dora({promoted("v1", 0), taken_back("v2", kDay, 3.5),
                        taken_back("v3", 2 * kDay, 0), promoted("v4", 3 * kDay)});
  EXPECT_DOUBLE_EQ(number(d, "change_fail_rate"), 0.5);
  EXPECT_DOUBLE_EQ(number(d, "change_fail_rate_exposed"), 1.0 / 3) << "v3 left out, of all three";
  EXPECT_DOUBLE_EQ(number(d, "failed_deployment_recovery_seconds"), 2);
  EXPECT_DOUBLE_EQ(number(d, "deployment_rework_rate"), 0);
}

TEST(Dora, a_return_or_a_hotfix_says_that_the_one_before_failed) {
  Rollout back = promoted("v1", 2 * kDay);
  back.is_direct = true;
  Rollout hotfix = promoted("v3", 4 * kDay);
  hotfix.spec = Map{{"type", "hotfix"}};
  const Value d = dora({promoted("v1", 0), promoted("v2", kDay), back, hotfix});
  EXPECT_DOUBLE_EQ(number(d, "change_fail_rate"), 0.5) << "v2, and the return to v1";
  EXPECT_DOUBLE_EQ(number(d, "deployment_rework_rate"), 0.5);
  EXPECT_DOUBLE_EQ(number(d, "failed_deployment_recovery_seconds"), 1.5 * kDay)
      << "the median of one day and two";
}

TEST(Dora, the_lead_time_is_the_median_over_what_is_known) {
  DoraSettings settings;
  for (const auto& [version, before] :
       std::vector<std::pair<std::string, std::int64_t>>{{"v1", 3600}, {"v2", 60}, {"v3", 7200}})
    settings.committed[version] = kStart - Duration::seconds(before);
  const Value d =
      dora({promoted("v1", 0), promoted("v2", 0), promoted("unknown", 0), taken_back("v3", 0, 1)},
           settings);
  EXPECT_DOUBLE_EQ(number(d, "change_lead_time_known"), 2) << "v3 never arrived";
  EXPECT_DOUBLE_EQ(number(d, "change_lead_time_seconds"), (3660 + 120) / 2.0);
}

TEST(Dora, staging_is_no_production_and_mends_nothing_there) {
  Rollout hotfix = promoted("v2", 2 * kDay);
  hotfix.spec = Map{{"type", "hotfix"}};
  const std::vector<Rollout> all{in("staging", promoted("v1", 0)),
                                 in("production", promoted("v1", kDay)), in("staging", hotfix)};
  EXPECT_EQ(number(dora(all), "deployments"), 3);
  EXPECT_DOUBLE_EQ(number(dora(all), "change_fail_rate"), 1.0 / 3) << "that of staging alone";
  DoraSettings production;
  production.environments = {"production"};
  const Value d = dora(all, production);
  EXPECT_EQ(number(d, "deployments"), 1);
  EXPECT_DOUBLE_EQ(number(d, "change_fail_rate"), 0);
}

TEST(Dora, users_meet_the_environments_that_no_other_requires) {
  policy::Document document;
  const auto last = [&](const char* spec) {
    document.content = parse_json_or_throw(std::string("{\"spec\": ") + spec + "}", "spec");
    return last_environments(document);
  };
  using Names = std::vector<std::string>;
  EXPECT_EQ(last("{}"), Names{});
  EXPECT_EQ(last(R"({"environments": {"test": {}, "staging": {"requires": "test"},
                     "eu": {"requires": "staging"}, "us": {"requires": "staging"}}})"),
            (Names{"eu", "us"}));
}

}  // namespace
}  // namespace autopilot::deploy
