// RCPPolicy documents: every field of the source has its meaning here, checked field by field and
// on the shipped file.
#include <gtest/gtest.h>

#include <fstream>
#include <limits>
#include <sstream>

#include "core/base/json.h"
#include "core/base/yaml.h"
#include "tests/policy/reading.h"

namespace autopilot::policy {
namespace {

using testing::load;
using testing::Loaded;
using Faults = std::vector<std::string>;

// An RCPPolicy whose spec is `spec` in flow style; it starts at line 4, column 8.
Loaded load_rcp(const std::string& spec) {
  return load(
      "apiVersion: smartlinks/v1\nkind: RCPPolicy\nmetadata: {id: p, labels: {a: b}}\nspec: {" +
      spec + "}\n");
}

// The spec of the Policy that it means, as JSON.
std::string meaning(const std::string& spec) {
  const Loaded loaded = load_rcp(spec);
  EXPECT_EQ(loaded.faults(), Faults{}) << spec;
  if (loaded.documents.size() != 1) return "";
  EXPECT_EQ(loaded.documents[0].kind, "Policy");
  return to_json(*loaded.documents[0].content.get("spec"));
}

std::string shipped() {
  std::ifstream file("testdata/smartlinks/policies.yaml");
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(rcp, simple_fields_keep_their_values) {
  EXPECT_EQ(
      meaning(
          "id: p, name: a name, scope: global, mode: monitor, authority_required: dg_ai, enabled: "
          "false, "
          "rollout_percent: 0.5, schedule_cron: '* 6-22 * * *', expires_at: 2027-06-30T00:00:00Z"),
      R"j({"description":"a name","scope":"global","mode":"monitor","authority":"dg_ai","enabled":false,)j"
      R"j("rollout":0.5,"active":{"cron":"* 6-22 * * *"},"expires":"2027-06-30T00:00:00Z"})j");
  EXPECT_EQ(meaning("scope: algorithm, algo_key: bandit"),
            R"j({"scope":"algorithm","algorithm":"bandit"})j");
  EXPECT_EQ(meaning("scope: segment, selector: {geo: [FR, BE], device: mobile}"),
            R"j({"scope":"segment","selector":{"geo":["FR","BE"],"device":"mobile"}})j");
}

TEST(rcp, metadata_is_kept) {
  const Loaded loaded = load_rcp("enabled: true");
  EXPECT_EQ(to_json(*loaded.documents.at(0).content.get("metadata")),
            R"j({"id":"p","labels":{"a":"b"}})j");
}

TEST(rcp, null_means_absent) {
  EXPECT_EQ(
      meaning(
          "name: null, algo_key: null, selector: null, hard_guards: null, limits: ~, gates: null, "
          "mutations: null, schedule_cron: null, expires_at: null, "
          "soft_guards: {two_man_rule_threshold: null, require_explain: null}"),
      "{}");
}

TEST(rcp, hard_guards_block_and_limit) {
  EXPECT_EQ(
      meaning("hard_guards: {weight_delta_max: 0.2}"),
      R"j({"guards":[{"name":"weight-delta-max","for":"route.update_weight","deny":)j"
      R"j("action.data.weight > action.data.old_weight + 0.2 || action.data.weight < action.data.old_weight - 0.2",)j"
      R"j("message":"the weight moves from {action.data.old_weight} to {action.data.weight}, by more than 0.2"}]})j");
  EXPECT_EQ(
      meaning("hard_guards: {budget_shift_max_percent: 1}"),
      R"j({"guards":[{"name":"budget-shift-max-percent","for":"budget.shift","deny":)j"
      R"j("math.abs(action.data.budget - action.data.old_budget) > 1.0 * action.data.old_budget",)j"
      R"j("message":"the budget shifts from {action.data.old_budget} to {action.data.budget}, by more than the share 1"}]})j");
  EXPECT_EQ(
      meaning("hard_guards: {pause_dest_max_per_day: 2}"),
      R"j({"limits":[{"name":"pause-dest-max-per-day","for":["destination.pause","route.pause"],"max":2,)j"
      R"j("per":"1d","key":"action.algorithm"}]})j");
  EXPECT_EQ(meaning("hard_guards: {risk_ceiling_per_tick: 10.0, actions_per_tick: 0}"),
            R"j({"limits":[{"name":"risk-ceiling-per-tick","sum":"risk","max":10.0,"per":"run"},)j"
            R"j({"name":"actions-per-tick","max":0,"per":"run"}]})j");
}

TEST(rcp, soft_guards_warn_or_ask) {
  EXPECT_EQ(
      meaning("soft_guards: {require_explain: true, require_plan_id: true, two_man_rule_threshold: "
              "0.35}"),
      R"j({"guards":[{"name":"require-explain","warn":"!has(action.data.explain)","message":"the action has no data.explain"},)j"
      R"j({"name":"require-plan-id","warn":"!has(action.data.plan_id)","message":"the action has no data.plan_id"},)j"
      R"j({"name":"two-man-rule","approve":"risk > 0.35","approvals":1}]})j");
  EXPECT_EQ(meaning("soft_guards: {require_explain: false, require_plan_id: false}"), "{}");
}

TEST(rcp, limits_count_per_algorithm_and_window) {
  EXPECT_EQ(
      meaning("limits: {window_seconds: 5400, max_actions_in_window: 24}"),
      R"j({"limits":[{"name":"actions-in-window","max":24,"per":"1h30m","key":"action.algorithm"}]})j");
}

TEST(rcp, gates_become_conditions) {
  const std::pair<const char*, const char*> cases[] = {
      {"{left: metrics.volume_1h, op: '>=', right: 500}", "metrics.volume_1h >= 500"},
      {"{left: metrics.a, op: '>', right: 0.5}", "metrics.a > 0.5"},
      {"{left: metrics.a, op: '<=', right: metrics.b}", "metrics.a <= metrics.b"},
      {"{left: 5, op: '<', right: metrics.b}", "5 < metrics.b"},
      {"{left: 5, op: '<', right: 6.5}", "5.0 < 6.5"},
      {"{left: metrics.a, op: '==', right: 0}", "metrics.a == 0"},
      {"{left: features.on, op: '!=', right: true}", "features.on != true"},
      {"{left: metrics.a, op: ratio_gt, right: metrics.b, factor: 0.5}",
       "metrics.a > metrics.b * 0.5"},
      {"{left: metrics.a, op: ratio_lt, right: metrics.b, factor: 2}",
       "metrics.a < metrics.b * 2.0"},
      {"{left: metrics.a, op: ratio_lt, right: 10, factor: 2}", "metrics.a < 10.0 * 2.0"},
      {"{left: metrics.a, op: ratio_lt, right: metrics.b, factor: null}", "metrics.a < metrics.b"},
      {"{left: segment_data.geo, op: '==', right: segment.home}", "segment.geo == segment.home"},
      {"{left: action.risk_score, op: '<', right: 1}", "action.risk < 1"},
      {"{left: action.data.weight, op: '<', right: data.old_weight}",
       "action.data.weight < action.data.old_weight"},
      {"{left: action.algo_key, op: '==', right: algo_key}",
       "action.algorithm == action.algorithm"},
      {"{left: user_role, op: '==', right: context.user_role}", "actor.role == actor.role"},
      {"{left: context.metrics.a, op: '>', right: 1}", "metrics.a > 1"},
      {"{left: metrics.7d-cvr, op: '>', right: metrics.in}",
       R"j(metrics["7d-cvr"] > metrics["in"])j"},
  };
  for (const auto& [gate, condition] : cases) {
    const Loaded loaded = load_rcp(std::string("gates: [") + gate + "]");
    ASSERT_EQ(loaded.faults(), Faults{}) << gate;
    const Policy policy = policy_from(loaded.documents.at(0));
    ASSERT_EQ(policy.gates.size(), 1u);
    EXPECT_EQ(policy.gates[0].when.source, condition) << gate;
  }
}

TEST(rcp, mutations_clamp_before_they_limit_the_step) {
  EXPECT_EQ(
      meaning("mutations: [{action_type: route.update_weight, max_delta_fields: {weight: 0.15}, "
              "clamp_fields: {weight: {min: 0.01, max: 0.8}}, block_if_missing_fields: [weight, "
              "old_weight]}]"),
      R"j({"mutations":[{"name":"clamp-weight","for":"route.update_weight","field":"weight","clamp":[0.01,0.8]},)j"
      R"j({"name":"max-delta-weight","for":"route.update_weight","field":"weight","max_delta":0.15,"from":"old_weight"}],)j"
      R"j("guards":[{"name":"required-fields","for":"route.update_weight","require":["weight","old_weight"]}]})j");
}

TEST(rcp, a_clamp_may_be_open_on_one_side) {
  const Loaded loaded = load_rcp(
      "mutations: [{action_type: budget.shift, clamp_fields: {budget: {min: 10}, old: {max: 5, "
      "min: null}}}]");
  ASSERT_EQ(loaded.faults(), Faults{});
  const Policy policy = policy_from(loaded.documents.at(0));
  EXPECT_EQ(policy.mutations[0].low, 10);
  EXPECT_EQ(policy.mutations[0].high, std::numeric_limits<double>::max());
  EXPECT_EQ(policy.mutations[1].low, std::numeric_limits<double>::lowest());
  EXPECT_EQ(policy.mutations[1].high, 5);
}

TEST(rcp, rules_that_would_share_a_name_go_by_their_index) {
  const Loaded loaded = load_rcp(
      "mutations: [{action_type: route.pause, clamp_fields: {w: {min: 1}}}, {action_type: "
      "budget.shift, clamp_fields: {w: {min: 2}}}]");
  ASSERT_EQ(loaded.faults(), Faults{});
  const Policy policy = policy_from(loaded.documents.at(0));
  EXPECT_EQ(policy.mutations[0].name, "clamp-w");
  EXPECT_EQ(policy.mutations[1].name, "mutations[1]");
}

TEST(rcp, faults_stand_where_the_source_has_them) {
  struct Case {
    const char* spec;
    Faults faults;
  };
  const Case cases[] = {
      {"id: q", {"bad-id@4:12"}},
      {"unknown: 1", {"unknown-field@4:8"}},
      {"scope: algorithm", {"missing-field@4:15"}},
      {"algo_key: a", {"conflicting-fields@4:8"}},
      {"scope: algorithm, algo_key: a, selector: {geo: FR}", {"conflicting-fields@4:39"}},
      {"mode: strict", {"wrong-value@4:14"}},
      {"rollout_percent: 50", {"wrong-value@4:25"}},
      {"rollout_percent: 50%", {"wrong-type@4:25"}},
      {"hard_guards: {weight_delta_max: x}", {"wrong-type@4:40"}},
      {"hard_guards: {weight_delta: 1}", {"unknown-field@4:22"}},
      {"hard_guards: {actions_per_tick: 1.5}", {"wrong-type@4:40"}},
      {"hard_guards: {risk_ceiling_per_tick: -1}", {"wrong-value@4:45"}},
      {"soft_guards: {require_explain: yes}", {"wrong-type@4:39"}},
      {"limits: {window_seconds: 60}", {"missing-field@4:16"}},
      {"limits: {window_seconds: 0, max_actions_in_window: 1}", {"wrong-value@4:33"}},
      {"gates: [{left: metrics.a, op: '=>', right: 1}]", {"wrong-value@4:38"}},
      {"gates: [{left: cvr, op: '>', right: 1}]", {"bad-path@4:23"}},
      {"gates: [{left: metrics, op: '>', right: 1}]", {"bad-path@4:23"}},
      {"gates: [{left: metrics., op: '>', right: 1}]", {"bad-path@4:23"}},
      {"gates: [{left: metrics.a b, op: '>', right: 1}]", {"bad-path@4:23"}},
      {"gates: [{left: metrics.a, op: '>'}]", {"missing-field@4:16"}},
      {"gates: [{left: metrics.a, op: '>', right: 1, factor: 2}]", {"conflicting-fields@4:53"}},
      {"gates: [{left: action.nope, op: '>', right: 1}]", {"bad-expression@4:16"}},
      {"mutations: [{action_type: budget.shift}]", {"missing-field@4:20"}},
      {"mutations: [{clamp_fields: {a: {min: 1}}}]", {"missing-field@4:20"}},
      {"mutations: [{action_type: budget.shift, clamp_fields: {a: {min: 2, max: 1}}}]",
       {"wrong-value@4:66"}},
      {"mutations: [{action_type: budget.shift, clamp_fields: {a: {}}}]", {"missing-field@4:66"}},
      {"schedule_cron: '* * *'", {"bad-cron@4:24"}},
      {"expires_at: soon", {"wrong-type@4:20"}},
  };
  for (const Case& c : cases) EXPECT_EQ(load_rcp(c.spec).faults(), c.faults) << c.spec;
}

TEST(rcp, the_shipped_policies_load_without_a_word) {
  const Loaded loaded = load(shipped());
  EXPECT_EQ(loaded.faults(), Faults{});
  ASSERT_EQ(loaded.documents.size(), 6u);
  const Policy traffic = policy_from(loaded.documents[4]);
  EXPECT_EQ(traffic.id, "traffic-optimizer-production");
  EXPECT_EQ(traffic.gates[1].when.source, "metrics.cvr_1h > metrics.cvr_24h_mean * 0.5");
  EXPECT_EQ(traffic.limits.size(), 3u);
  const Policy canary = policy_from(loaded.documents[3]);
  EXPECT_EQ(canary.rollout, 0.5);
  EXPECT_EQ(canary.authority, Role::dg_ai);
  EXPECT_EQ(canary.expires, parse_rfc3339("2027-06-30T00:00:00Z"));
  const Policy winter = policy_from(loaded.documents[5]);
  EXPECT_FALSE(winter.enabled);
  EXPECT_EQ(winter.limits[0].max, 0);
}

TEST(rcp, what_convert_prints_is_the_document_that_is_held) {
  const Loaded loaded = load(shipped());
  std::string converted;
  for (const Document& document : loaded.documents)
    converted += to_yaml(document.content) + "---\n";
  const Loaded again = load(converted);
  EXPECT_EQ(again.faults(), Faults{});
  ASSERT_EQ(again.documents.size(), loaded.documents.size());
  for (std::size_t i = 0; i < again.documents.size(); ++i) {
    EXPECT_EQ(again.documents[i].hash, loaded.documents[i].hash) << again.documents[i].id;
  }
}

}  // namespace
}  // namespace autopilot::policy
