#include "core/policy/loader.h"

#include <gtest/gtest.h>

#include "core/base/error.h"

namespace autopilot::policy {
namespace {

constexpr const char* kWhole = R"yaml(apiVersion: autopilot/v1
kind: Policy
metadata: {id: traffic-safety, labels: {team: growth}}
spec:
  description: no large or fast traffic moves
  scope: algorithm
  algorithm: traffic_optimizer
  mode: enforce
  authority: admin
  enabled: true
  priority: 100
  rollout: 100%
  rollout_key: action.target
  active: {cron: "* 9-17 * * 1-5", timezone: Europe/Paris}
  expires: 2027-01-01T00:00:00Z
  on_error: block
  gates:
    - {name: enough-traffic, when: metrics.visits_1h >= 500}
  mutations:
    - {name: clamp, for: route.update_weight, field: weight, clamp: [0.01, 0.8]}
    - {name: step, for: route.update_weight, field: weight, max_delta: 0.15, from: old_weight}
    - {name: slow-start, for: route.update_weight, when: metrics.cvr_1h < 0.04, set: {weight: "math.least(action.data.weight, 0.5)"}}
  guards:
    - {name: cvr-floor, deny: metrics.cvr_1h < 0.02, message: "CVR {metrics.cvr_1h} is below 0.02"}
    - {name: fields, require: [target, weight, old_weight], for: route.update_weight}
    - {name: two-man, approve: risk > 0.15, approvals: 1}
    - {name: explain, warn: "!has(action.data.explain)"}
  limits:
    - {name: hourly, max: 100, per: 1h, key: action.algorithm}
    - {name: pauses, for: destination.pause, max: 2, per: 1d, key: action.algorithm}
    - {name: risk, sum: risk, max: 1.0, per: run}
)yaml";

TEST(loader, the_example_of_the_design_loads_without_a_word) {
  Diagnostics diagnostics;
  const auto documents = load_text("p.yaml", kWhole, {}, diagnostics);
  for (const Diagnostic& d : diagnostics.all()) ADD_FAILURE() << d.message;
  ASSERT_EQ(documents.size(), 1u);
  const Policy policy = policy_from(documents[0]);
  EXPECT_EQ(policy.id, "traffic-safety");
  EXPECT_EQ(policy.scope, Scope::algorithm);
  EXPECT_EQ(policy.algorithms, std::vector<std::string>{"traffic_optimizer"});
  EXPECT_EQ(policy.cron, "* 9-17 * * 1-5");
  EXPECT_EQ(policy.timezone, "Europe/Paris");
  ASSERT_EQ(policy.mutations.size(), 3u);
  EXPECT_EQ(policy.mutations[0].low, 0.01);
  EXPECT_EQ(policy.mutations[1].from, "old_weight");
  EXPECT_EQ(policy.mutations[2].set[0].value.source, "math.least(action.data.weight, 0.5)");
  ASSERT_EQ(policy.guards.size(), 4u);
  EXPECT_EQ(policy.guards[1].require, (std::vector<std::string>{"target", "weight", "old_weight"}));
  EXPECT_EQ(policy.guards[3].condition.source, "!has(action.data.explain)");
  ASSERT_EQ(policy.limits.size(), 3u);
  EXPECT_EQ(policy.limits[0].per, Duration::seconds(3600));
  EXPECT_FALSE(policy.limits[2].per.has_value());
}

}  // namespace
}  // namespace autopilot::policy
