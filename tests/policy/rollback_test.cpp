// spec.rollback: what is read, what is a fault and where it is shown.
#include "core/policy/rollback.h"

#include <gtest/gtest.h>

#include "core/policy/kinds.h"
#include "core/policy/schema_json.h"
#include "tests/policy/reading.h"

namespace autopilot::policy::testing {
namespace {

using Faults = std::vector<std::string>;

Loaded load_rule(const std::string& rollback, const std::string& rollout = "10%") {
  return load_policy("  guards: [{deny: risk > 1}]\n  rollout: " + rollout +
                     "\n  rollback: " + rollback);
}

TEST(Rollback, is_read_with_its_units_and_a_default) {
  const Loaded loaded = load_rule("{when: inside.blocked_share > 0.2, for: 10m}");
  ASSERT_EQ(loaded.faults(), Faults{});
  const Policy policy = policy_from(loaded.documents.at(0));
  ASSERT_TRUE(policy.rollback);
  EXPECT_EQ(policy.rollback->when.source, "inside.blocked_share > 0.2");
  EXPECT_EQ(policy.rollback->lasting, Duration::seconds(600));
  EXPECT_EQ(policy.rollback->min_decisions, 30);
  const Loaded other = load_rule("{when: policy.errors > 3, for: 1h, min_decisions: 5}");
  EXPECT_EQ(policy_from(other.documents.at(0)).rollback->min_decisions, 5);
  EXPECT_FALSE(policy_from(load_policy("  guards: [{deny: true}]").documents.at(0)).rollback);
}

TEST(Rollback, faults_stand_where_they_are_written) {
  struct Case {
    const char* rule;
    Faults faults;
  };
  const Case cases[] = {
      {"{when: inside.blocked_share > 0.2, for: 10m}", {}},
      {"{when: \"true\", for: 10m}", {}},
      {"{when: true, for: 10m}", {}},
      {"{when: \"inside.blocked > outside.blocked && policy.warned_share < 0.5\", for: 1s}", {}},
      {"{when: inside.mean_risk > outside.mean_risk, for: 30d}", {}},
      {"{for: 10m}", {"missing-field@7:13"}},
      {"{when: policy.blocked > 1}", {"missing-field@7:13"}},
      {"{when: inside.blocked_shore > 0.2, for: 10m}", {"bad-expression@7:27"}},
      {"{when: insde.blocked > 2, for: 10m}", {"bad-expression@7:20"}},
      {"{when: policy.total > 2, for: 10m}", {"bad-expression@7:27"}},
      {"{when: metrics.cvr_1h > 2, for: 10m}", {"bad-expression@7:20"}},
      {"{when: risk > 2, for: 10m}", {"bad-expression@7:20"}},
      {"{when: inside.blocked, for: 10m}", {"bad-expression@7:20"}},
      {"{when: inside.blocked == \"x\", for: 10m}", {"bad-expression@7:35"}},
      {"{when: inside.blocked >, for: 10m}", {"bad-expression@7:36"}},
      {"{when: 5, for: 10m}", {"bad-expression@7:20"}},
      {"{when: [a], for: 10m}", {"wrong-type@7:20"}},
      {"{when: policy.blocked > 1, for: 600}", {"wrong-type@7:45"}},
      {"{when: policy.blocked > 1, for: 10ms}", {"wrong-value@7:45"}},
      {"{when: policy.blocked > 1, for: 31d}", {"wrong-value@7:45"}},
      {"{when: policy.blocked > 1, for: 1m, min_decisions: 0}", {"wrong-value@7:64"}},
      {"{when: policy.blocked > 1, for: 1m, min_decisions: many}", {"wrong-type@7:64"}},
      {"{when: policy.blocked > 1, for: 1m, then: 5}", {"unknown-field@7:49"}},
      {"soon", {"wrong-type@7:13"}},
      {"[]", {"wrong-type@7:13"}},
  };
  for (const Case& c : cases) EXPECT_EQ(load_rule(c.rule).faults(), c.faults) << c.rule;
}

TEST(Rollback, misspelt_statistics_get_a_suggestion) {
  EXPECT_EQ(load_rule("{when: inside.blocked_shore > 0.2, for: 10m}").help(),
            "did you mean blocked_share?");
  EXPECT_EQ(load_rule("{when: outsde.blocked > 2, for: 10m}").help(), "did you mean outside?");
  EXPECT_EQ(load_rule("{when: policy.blocked > 1, for: 1m, min_decision: 5}").help(),
            "did you mean min_decisions?");
}

TEST(Rollback, a_rule_about_units_outside_of_a_full_rollout_is_warned_of) {
  const std::string rule = "{when: inside.blocked > outside.blocked, for: 10m}";
  EXPECT_EQ(load_rule(rule, "100%").faults(), Faults{"never-holds@7:20"});
  EXPECT_EQ(load_rule(rule, "99%").faults(), Faults{});
  EXPECT_EQ(load_rule("{when: inside.blocked > 5, for: 10m}", "100%").faults(), Faults{});
}

TEST(Rollback, the_schema_knows_it) {
  const Value schema = json_schema(*find_kind("Policy"));
  const Value* rollback = schema.get("properties")->get("spec")->get("properties")->get("rollback");
  ASSERT_NE(rollback, nullptr);
  EXPECT_NE(rollback->get("properties")->get("min_decisions"), nullptr);
}

TEST(Rollback, what_a_condition_names_is_known) {
  EXPECT_TRUE(names_group("inside.total > 1 || outside.total > 1", "outside"));
  EXPECT_FALSE(names_group("inside.total > 1", "outside"));
  EXPECT_FALSE(names_group("'outside' == 'outside'", "outside"));
  EXPECT_FALSE(names_group("outside.nonsense > 1", "outside"));
}

}  // namespace
}  // namespace autopilot::policy::testing
