// Each field of a Policy: what it may hold, what it must stand with, and what is said when it does
// not.
#include <gtest/gtest.h>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/yaml.h"
#include "tests/policy/reading.h"

namespace autopilot::policy {
namespace {

using testing::load;
using testing::load_policy;
using testing::Loaded;
using Faults = std::vector<std::string>;

TEST(policy_fields, every_fault_has_its_place) {
  struct Case {
    const char* spec;
    Faults faults;
  };
  const Case cases[] = {
      {"  guards: [{deny: risk > 1}]", {}},
      {"  {}", {"no-rules@5:3"}},
      {"  rolout: 5%\n  guards: [{deny: risk > 1}]", {"unknown-field@5:3"}},
      {"  rollout: [5%]\n  guards: [{deny: risk > 1}]", {"wrong-type@5:12"}},
      {"  rollout: 50\n  guards: [{deny: risk > 1}]", {"wrong-type@5:12"}},
      {"  rollout: 101%\n  guards: [{deny: risk > 1}]", {"wrong-type@5:12"}},
      {"  priority: 1.5\n  guards: [{deny: risk > 1}]", {"wrong-type@5:13"}},
      {"  priority: \"1\"\n  guards: [{deny: risk > 1}]", {"wrong-type@5:13"}},
      {"  enabled: yes\n  guards: [{deny: risk > 1}]", {"wrong-type@5:12"}},
      {"  mode: enforced\n  guards: [{deny: risk > 1}]", {"wrong-value@5:9"}},
      {"  authority: root\n  guards: [{deny: risk > 1}]", {"wrong-value@5:14"}},
      {"  on_error: allow\n  guards: [{deny: risk > 1}]", {"wrong-value@5:13"}},
      {"  expires: 2027-01-01\n  guards: [{deny: risk > 1}]", {"wrong-type@5:12"}},
      {"  expires: 2027-02-30T00:00:00Z\n  guards: [{deny: risk > 1}]", {"wrong-type@5:12"}},
      {"  description: [x]\n  guards: [{deny: risk > 1}]", {"wrong-type@5:16"}},
      {"  description: 5\n  guards: [{deny: risk > 1}]", {"wrong-type@5:16"}},
      {"  active: {cron: \"* 25 * * *\"}\n  guards: [{deny: risk > 1}]", {"bad-cron@5:21"}},
      {"  active: {timezone: UTC}\n  guards: [{deny: risk > 1}]", {"missing-field@5:11"}},
      {"  active: {cron: \"* * * * *\", timezone: Europe/Paris}\n  guards: [{deny: risk > 1}]", {}},
      {"  active: {cron: \"* * * * *\", timezone: Europe/Pariss}\n  guards: [{deny: risk > 1}]",
       {"bad-timezone@5:41"}},
      {"  active: always\n  guards: [{deny: risk > 1}]", {"wrong-type@5:11"}},
      {"  scope: algorithm\n  guards: [{deny: risk > 1}]", {"missing-field@5:10"}},
      {"  algorithm: a\n  guards: [{deny: risk > 1}]", {"conflicting-fields@5:3"}},
      {"  scope: segment\n  guards: [{deny: risk > 1}]", {"missing-field@5:10"}},
      {"  selector: {geo: FR}\n  guards: [{deny: risk > 1}]", {"conflicting-fields@5:3"}},
      {"  scope: segment\n  selector: {}\n  guards: [{deny: risk > 1}]", {"wrong-value@6:13"}},
      {"  scope: segment\n  selector: {geo: []}\n  guards: [{deny: risk > 1}]",
       {"wrong-value@6:19"}},
      {"  scope: segment\n  selector: {geo: {a: b}}\n  guards: [{deny: risk > 1}]",
       {"wrong-type@6:19"}},
      {"  guards: {deny: risk > 1}", {"wrong-type@5:11"}},
      {"  guards: [{}]", {"missing-field@5:12"}},
      {"  guards: [{deny: risk > 1, warn: risk > 1}]", {"conflicting-fields@5:29"}},
      {"  guards: [{deny: risk > 1, approvals: 2}]", {"conflicting-fields@5:29"}},
      {"  guards: [{approve: risk > 1, approvals: 0}]", {"wrong-value@5:43"}},
      {"  guards: [{require: []}]", {"wrong-value@5:22"}},
      {"  guards: [{name: a b, deny: risk > 1}]", {"wrong-type@5:19"}},
      {"  guards: [{name: a, deny: risk > 1}, {name: a, deny: risk > 2}]", {"duplicate-name@5:46"}},
      {"  gates: [{name: a, when: now > now}]\n  guards: [{name: a, deny: risk > 1}]",
       {"duplicate-name@6:19"}},
      {"  guards: [{for: route.update_weigth, deny: risk > 1}]", {"unknown-action-type@5:18"}},
      {"  guards: [{for: [route.pause, x], deny: risk > 1}]", {"unknown-action-type@5:18"}},
      {"  mutations: [{clamp: [0, 1]}]", {"missing-field@5:23"}},
      {"  mutations: [{field: w, clamp: [1, 0]}]", {"wrong-value@5:33"}},
      {"  mutations: [{field: w, clamp: [1]}]", {"wrong-value@5:33"}},
      {"  mutations: [{field: w, clamp: [0, .inf]}]", {"wrong-value@5:37", "number-range@5:37"}},
      {"  mutations: [{field: w, clamp: [0, x]}]", {"wrong-type@5:37"}},
      {"  mutations: [{field: w, max_delta: 0.1}]", {"missing-field@5:37"}},
      {"  mutations: [{field: w, max_delta: -1, from: o}]", {"wrong-value@5:37"}},
      {"  mutations: [{max_delta: 1, from: o}]", {"missing-field@5:27"}},
      {"  mutations: [{field: w, from: o, clamp: [0, 1]}]", {"conflicting-fields@5:26"}},
      {"  mutations: [{field: w, set: {w: 1}}]", {"conflicting-fields@5:16"}},
      {"  mutations: [{set: {}}]", {"wrong-value@5:21"}},
      {"  mutations: [{set: {w: [1]}}]", {"wrong-type@5:25"}},
      {"  mutations: [{set: {w: null}}]", {"wrong-type@5:25"}},
      {"  limits: [{max: 1}]", {"missing-field@5:12"}},
      {"  limits: [{per: 1h}]", {"missing-field@5:12"}},
      {"  limits: [{max: -1, per: 1h}]", {"wrong-value@5:18"}},
      {"  limits: [{max: 1, per: 60}]", {"wrong-type@5:26"}},
      {"  limits: [{max: 1, per: 0s}]", {"wrong-type@5:26"}},
      {"  limits: [{max: 1, per: run}]", {}},
      {"  gates: [{name: g}]\n  guards: [{deny: risk > 1}]", {"missing-field@5:11"}},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(load_policy(c.spec).faults(), c.faults) << c.spec;
  }
}

TEST(policy_fields, expressions_are_checked_where_they_stand) {
  struct Case {
    const char* spec;
    Faults faults;
  };
  const Case cases[] = {
      {"  guards: [{deny: metrics.x <}]", {"bad-expression@5:30"}},
      {"  guards: [{deny: metric.x < 1}]", {"bad-expression@5:19"}},
      {"  guards: [{deny: action.typ == 'x'}]", {"bad-expression@5:26"}},
      {"  guards: [{deny: 1 + 1}]", {"bad-expression@5:19"}},
      {"  guards: [{deny: 5}]", {"bad-expression@5:19"}},
      {"  guards: [{deny: true}]", {}},
      {"  guards: [{deny: \"\"}]", {"wrong-type@5:19"}},
      {"  guards: [{deny: metrics.anything}]", {}},
      {"  guards: [{when: nope, deny: true}]", {"bad-expression@5:19"}},
      {"  guards: [{deny: true, message: \"x {risk} {nope} {\"}]", {"bad-expression@5:45"}},
      {"  gates: [{when: risk > 1}]\n  guards: [{deny: true}]", {"bad-expression@5:18"}},
      {"  mutations: [{when: risk > 1, set: {w: 1}}]", {"bad-expression@5:22"}},
      {"  mutations: [{set: {w: risk}}]", {"bad-expression@5:25"}},
      {"  mutations: [{set: {w: \"[1]\"}}]", {"bad-expression@5:26"}},
      {"  mutations: [{set: {w: 0.5, v: true, u: \"'text'\"}}]", {}},
      {"  limits: [{max: 1, per: 1h, sum: action.id}]", {"bad-expression@5:35"}},
      {"  limits: [{max: 1, per: 1h, sum: risk}]", {}},
      {"  limits: [{max: 1, per: 1h, sum: \"1\"}]", {}},
      {"  limits: [{max: 1, per: 1h, key: \"[1]\"}]", {"bad-expression@5:36"}},
      {"  limits: [{max: 1, per: 1h, key: action.target}]", {}},
      {"  rollout_key: risk\n  guards: [{deny: true}]", {"bad-expression@5:16"}},
      {"  guards:\n    - deny: |\n        metrics.a > 1 &&\n        metrics.b > bad\n",
       {"bad-expression@8:21"}},
  };
  for (const Case& c : cases) EXPECT_EQ(load_policy(c.spec).faults(), c.faults) << c.spec;
}

TEST(policy_fields, misspelt_words_get_a_suggestion) {
  EXPECT_EQ(load_policy("  rolout: 5%").help(), "did you mean rollout?");
  EXPECT_EQ(load_policy("  guards: [{denny: x}]").help(), "did you mean deny?");
  EXPECT_EQ(load_policy("  mode: enforced").help(), "did you mean enforce?");
  EXPECT_EQ(load("kind: Polcy\nmetadata: {id: a}").help(), "did you mean Policy?");
  EXPECT_EQ(load_policy("  guards: [{deny: metric.x > 1}]").help(), "did you mean metrics?");
  EXPECT_EQ(load_policy("  rollout: 50\n  guards: [{deny: true}]").help(),
            "write 50% (a bare number counts from 0 to 1)");
  EXPECT_EQ(load_policy("  limits: [{max: 1, per: 60}]").help(), "say the unit: 60s, 60m or 60h");
}

TEST(policy_fields, declared_names_close_the_records) {
  Project project;
  project.metrics = std::vector<DeclaredField>{{"cvr_1h", "double"}};
  project.data = std::vector<DeclaredField>{{"weight", "double"}, {"old_weight", "double"}};
  EXPECT_EQ(load_policy("  guards: [{deny: metrics.cvr_1h < 1}]", project).faults(), Faults{});
  const Loaded loaded = load_policy("  guards: [{deny: metrics.cvr_1 < 1}]", project);
  EXPECT_EQ(loaded.faults(), Faults{"bad-expression@5:27"});
  EXPECT_EQ(loaded.help(), "did you mean cvr_1h?");
  EXPECT_EQ(load_policy("  mutations: [{field: wieght, clamp: [0, 1]}]", project).help(),
            "did you mean weight?");
  EXPECT_EQ(
      load_policy("  mutations: [{field: weight, max_delta: 1, from: old}]", project).faults(),
      Faults{"unknown-name@5:51"});
  EXPECT_EQ(load_policy("  guards: [{deny: metrics.cvr_1h == 'x'}]", project).faults().size(), 1u);
}

TEST(policy_fields, declared_action_types_are_known) {
  Project project;
  project.action_types = {{"email.send", std::nullopt}};
  EXPECT_EQ(load_policy("  guards: [{for: email.send, deny: true}]", project).faults(), Faults{});
}

TEST(policy_fields, defaults_are_those_of_the_design) {
  const Loaded loaded = load_policy(
      "  guards: [{approve: risk > 1}, {name: b, deny: true}]\n  limits: [{max: 1, per: run}]");
  const Policy policy = policy_from(loaded.documents.at(0));
  EXPECT_EQ(policy.scope, Scope::global);
  EXPECT_EQ(policy.mode, Mode::enforce);
  EXPECT_EQ(policy.authority, Role::admin);
  EXPECT_TRUE(policy.enabled);
  EXPECT_EQ(policy.priority, 100);
  EXPECT_EQ(policy.rollout, 1.0);
  EXPECT_FALSE(policy.rollout_key.has_value());
  EXPECT_FALSE(policy.cron.has_value());
  EXPECT_EQ(policy.timezone, "UTC");
  EXPECT_FALSE(policy.expires.has_value());
  EXPECT_EQ(policy.on_error, OnError::block);
  EXPECT_EQ(policy.guards[0].approvals, 1);
  EXPECT_EQ(policy.guards[0].name, "guards[0]");
  EXPECT_EQ(policy.guards[1].name, "b");
  EXPECT_EQ(policy.limits[0].name, "limits[0]");
  EXPECT_FALSE(policy.limits[0].per.has_value());
}

TEST(policy_fields, shares_times_and_selectors_are_read_with_their_units) {
  const Loaded loaded = load_policy(
      "  scope: segment\n  selector: {geo: [FR, BE], tier: 5, vip: true}\n  rollout: 12.5%\n  "
      "expires: 2027-01-01T01:00:00+01:00\n"
      "  limits: [{max: 0.5, per: 1h30m}]\n  mutations: [{set: {w: 0.5, v: true, u: action.id}}]");
  ASSERT_EQ(loaded.faults(), Faults{});
  const Policy policy = policy_from(loaded.documents.at(0));
  EXPECT_EQ(policy.rollout, 0.125);
  EXPECT_EQ(policy.expires, parse_rfc3339("2027-01-01T00:00:00Z"));
  ASSERT_EQ(policy.selector.size(), 3u);
  EXPECT_EQ(policy.selector[0].values, (std::vector<std::string>{"FR", "BE"}));
  EXPECT_EQ(policy.selector[1].values, std::vector<std::string>{"5"});
  EXPECT_EQ(policy.selector[2].values, std::vector<std::string>{"true"});
  EXPECT_EQ(policy.limits[0].per, Duration::seconds(5400));
  EXPECT_EQ(policy.mutations[0].set[0].value.source, "0.5");
  EXPECT_EQ(policy.mutations[0].set[1].value.source, "true");
  EXPECT_EQ(policy.mutations[0].set[2].value.source, "action.id");
}

TEST(policy_fields, a_policy_read_back_from_canonical_json_is_the_same) {
  const Loaded loaded =
      load_policy("  priority: 5\n  rollout: 1.0\n  mutations: [{field: w, clamp: [0.0, 1.0]}]");
  Document stored = loaded.documents.at(0);
  stored.content = parse_json_or_throw(to_canonical_json(stored.content), "content");
  const Policy policy = policy_from(stored);
  EXPECT_EQ(policy.priority, 5);
  EXPECT_EQ(policy.mutations[0].high, 1.0);
}

TEST(policy_fields, content_that_never_passed_is_refused) {
  Document document{
      "Policy", "x",   Map{{"metadata", Map{{"id", "x"}}}, {"spec", Map{{"rollout", "lots"}}}},
      "",       false, "",
      {}};
  EXPECT_THROW(policy_from(document), Error);
  document.content = Map{};
  EXPECT_THROW(policy_from(document), Error);
}

}  // namespace
}  // namespace autopilot::policy
