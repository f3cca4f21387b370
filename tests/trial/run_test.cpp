// What a case may say and expect.
#include <gtest/gtest.h>

#include "core/render/text.h"
#include "tests/trial/on_trial.h"

namespace autopilot::trial {
namespace {

using testing::OnTrial;
using testing::policy_document;
using Lines = std::vector<std::string>;

const std::string kTraffic = policy_document("traffic", R"(  mutations:
    - {name: step, for: route.update_weight, field: weight, max_delta: 0.15, from: old_weight}
  guards:
    - {name: floor, deny: metrics.cvr < 0.02, message: "CVR {metrics.cvr} is low"}
    - {name: two-man, approve: risk > 0.35, approvals: 2}
    - {name: night, deny: now.getHours() < 6}
    - {name: stranger, deny: actor.id == 'eve' || actor.role == 'viewer'}
  limits:
    - {name: hourly, max: 2, per: 1h, key: action.algorithm}
    - {name: in-run, max: 1, per: run, when: run == 'small'}
)");
const std::string kWatch = policy_document("watch", R"(  mode: monitor
  guards:
    - {name: low, deny: metrics.cvr < 0.05}
)");
const std::string kBoth = kTraffic + kWatch;

const std::string kDefaults = R"(  defaults:
    action: {type: route.update_weight, algorithm: a, target: t1, data: {weight: 0.3, old_weight: 0.25}}
    context: {metrics: {cvr: 0.04}}
    time: 2026-06-01T12:00:00Z
)";

Lines failures(const std::string& cases) {
  return OnTrial(kBoth, kDefaults + "  cases:\n" + cases).failures();
}

TEST(trial, a_case_that_holds_has_no_failures) {
  EXPECT_EQ(failures(R"(
    - name: all that can be expected
      action: {data: {weight: 0.9}}
      expect:
        result: modified
        action: {algorithm: a, target: t1}
        data: {weight: 0.4, missing: null}
        whole_action: {type: route.update_weight, algorithm: a, target: t1, data: {weight: 0.4, old_weight: 0.25}}
        risk: 0.4
        reasons:
          - {policy: traffic, rule: step, effect: modify, message: weight 0.9 -> 0.4}
          - {contains: 0.9}
        monitor: {watch: blocked}
    - name: what else is said
      expect: {result: allowed, no_reasons: [{}], monitor: {watch: blocked}}
)"),
            (Lines{"all that can be expected: result: \"modified\", got \"pending\""}));
}

TEST(trial, each_thing_that_differs_is_said_with_both_sides) {
  EXPECT_EQ(
      failures(R"(
    - name: x
      expect:
        result: blocked
        action: {algorithm: b, id: some}
        data: {weight: 0.4, old_weight: null, deep: {er: 1}}
        whole_action: {type: route.update_weight}
        risk: 0.5
        reasons: [{policy: traffic, rule: floor, effect: block, contains: low}]
        no_reasons: [{policy: watch}]
        monitor: {watch: none}
)"),
      (Lines{"x: result: \"blocked\", got \"allowed\"", "x: action.algorithm: \"b\", got \"a\"",
             "x: action.id: \"some\", got nothing", "x: data.weight: 0.4, got 0.3",
             "x: data.old_weight: nothing, got 0.25", "x: data.deep: a map, got nothing",
             "x: the whole action: {\"type\":\"route.update_weight\"}, got "
             "{\"type\":\"route.update_weight\",\"algorithm\":\"a\",\"target\":\"t1\","
             "\"data\":{\"weight\":0.3,\"old_weight\":0.25}}",
             "x: risk: 0.5, got 0.19999999999999998",
             "x: a reason: traffic/floor block with \"low\", got none such",
             "x: a reason: not watch, got watch/low block \"metrics.cvr < 0.05\"",
             "x: monitor.watch: none, got blocked"}));
}

TEST(trial, the_ledger_the_time_the_run_and_the_actor_are_those_of_the_case) {
  EXPECT_EQ(failures(R"(
    - name: nothing used
      expect: {result: allowed}
    - name: all used, whatever the key
      ledger: [{policy: traffic, limit: hourly, used: 2}]
      expect: {result: blocked, reasons: [{policy: traffic, rule: hourly, contains: 2 of 2 used}]}
    - name: used by another
      ledger: [{policy: traffic, limit: hourly, key: b, used: 2}]
      expect: {result: allowed}
    - name: in a small run
      run: small
      ledger: [{policy: traffic, limit: in-run, used: 0.5}]
      expect: {reasons: [{rule: in-run}]}
    - name: at night
      time: 2026-06-01T05:59:59Z
      expect: {reasons: [{rule: night, effect: block}]}
    - name: by a stranger
      actor: eve
      expect: {reasons: [{rule: stranger}]}
    - name: the context knows better
      actor: eve
      context: {actor: bob}
      expect: {no_reasons: [{rule: stranger}]}
    - name: by a viewer
      role: viewer
      expect: {reasons: [{rule: stranger}]}
    - name: overridden
      actor: eve
      override: {role: admin, reason: we know her}
      expect: {result: allowed, reasons: [{rule: stranger, effect: overridden}]}
    - name: approvals are counted
      action: {risk: 1}
      expect: {result: pending, reasons: [{effect: approve, approvals: 2}], no_reasons: [{effect: approve, approvals: 1}]}
)"),
            Lines{});
}

TEST(trial, null_takes_a_default_away) {
  EXPECT_EQ(failures(R"(
    - name: no metric
      context: {metrics: {cvr: ~}}
      expect: {result: blocked, reasons: [{rule: floor, contains: no such key}]}
)"),
            Lines{});
}

TEST(trial, reasons_of_monitor_policies_count_only_when_they_are_named) {
  EXPECT_EQ(failures(R"(
    - {name: not named, expect: {no_reasons: [{effect: block}]}}
    - {name: named, expect: {reasons: [{policy: watch, effect: block}]}}
)"),
            Lines{});
}

TEST(trial, a_table_is_a_case_for_each_row) {
  const OnTrial tried(kBoth, kDefaults + R"(  tables:
    - name: steps
      defaults: {context: {metrics: {cvr: 0.5}}, expect: {no_reasons: [{rule: floor}]}}
      columns: [name, data.weight, metrics.cvr, used.traffic/hourly, expect.result, expect.data.weight, expect.reason, expect.monitor.watch]
      rows:
        - [~, 0.25, ~, ~, allowed, 0.25, ~, allowed]
        - [up, 0.3, ~, 1, allowed, 0.3, ~, ~]
        - [~, 0.3, ~, 2, blocked, 0.3, traffic/hourly block, ~]
        - [wrong, 0.3, 0.01, ~, blocked, 0.3, traffic/floor, ~]
)");
  EXPECT_EQ(tried.failures(),
            (Lines{"wrong: a reason: not floor, got traffic/floor block \"CVR 0.01 is low\""}));
  ASSERT_EQ(tried.cases().size(), 4u);
  EXPECT_EQ(tried.cases()[0].test_case->name, "steps row 1");
  EXPECT_EQ(place(tried.sources(), tried.cases()[2].test_case->span), "t.yaml:16:11");
  EXPECT_EQ(place(tried.sources(), tried.cases()[3].mismatches[0].span), "t.yaml:11:72");
}

TEST(trial, a_test_may_choose_its_policies) {
  const std::string one =
      "  policies: [watch]\n" + kDefaults +
      "  cases:\n    - {name: x, context: {metrics: {cvr: 0.001}}, expect: "
      "{result: allowed, no_reasons: [{policy: watch, rule: low, effect: warn}]}}\n";
  EXPECT_EQ(OnTrial(kBoth, one).failures(), Lines{});
}

TEST(trial, what_does_not_exist_cannot_be_expected) {
  EXPECT_EQ(OnTrial(kBoth, R"(  policies: [traffic, wotch]
  cases:
    - name: x
      action: {type: route.pause}
      ledger: [{policy: traffik, limit: hourly, used: 1}, {policy: traffic, limit: hurly, used: 1}]
      expect:
        reasons: [{policy: traffic, rule: flour}, {rule: steep}, {policy: watch, rule: low}]
        no_reasons: [{policy: nothing-like-it}]
        monitor: {traffic: blocked}
)")
                .faults(),
            (Lines{"unknown-policy@5:23 there is no policy wotch; did you mean watch?",
                   "unknown-policy@9:25 there is no policy traffik; did you mean traffic?",
                   "unknown-rule@9:84 policy traffic has no such rule: hurly; did you mean hourly?",
                   "unknown-rule@11:43 policy traffic has no such rule: flour; did you mean floor?",
                   "unknown-rule@11:58 no policy on trial has a rule steep; did you mean step?",
                   "unknown-policy@11:75 policy watch is not under test here; add it to the test's "
                   "policies",
                   "unknown-policy@12:31 there is no policy nothing-like-it",
                   "wrong-value@13:19 policy traffic is not in monitor mode; expect its effect in "
                   "result and reasons"}));
}

TEST(trial, a_name_in_the_defaults_is_reported_once) {
  EXPECT_EQ(
      OnTrial(kBoth, R"(  defaults: {action: {type: route.pause}, expect: {reasons: [{rule: nope}]}}
  cases: [{name: a}, {name: b}, {name: c}]
)")
          .faults()
          .size(),
      1u);
}

TEST(trial, an_action_that_is_none_fails_its_case_alone) {
  EXPECT_EQ(failures(R"(
    - {name: broken, context: {metrics: 5}, expect: {result: allowed}}
)")
                .size(),
            1u);
  EXPECT_EQ(failures(R"(
    - {name: broken, action: {data: {weight: 1}, type: ""}, expect: {result: allowed}}
    - {name: whole, expect: {result: allowed}}
)"),
            Lines{"broken: the input: an action, got the action has no type"});
}

TEST(trial, a_failure_shows_what_the_rules_saw) {
  const OnTrial tried(kBoth, kDefaults + R"(  cases:
    - {name: x, context: {metrics: {cvr: 0.015}}, expect: {result: allowed}}
)");
  const render::Report report = describe(tried.findings());
  const std::string text = render::report_text(report, {.width = 100});
  EXPECT_NE(text.find("FAIL  guard floor: deny metrics.cvr < 0.02\n"), std::string::npos) << text;
  EXPECT_NE(text.find("metrics.cvr = 0.015"), std::string::npos) << text;
  EXPECT_NE(text.find("t.yaml:10:68"), std::string::npos) << text;
  EXPECT_TRUE(text.ends_with("1 case in 1 test: 0 passed, 1 failed\n")) << text;
}

TEST(trial, junit_says_it_to_machines) {
  const OnTrial tried(kBoth, kDefaults + R"(  cases:
    - {name: 'a "<b>" & c', expect: {result: allowed}}
    - {name: d, expect: {result: blocked, risk: 3}}
)",
                      true);
  const std::string xml = junit(tried.findings());
  EXPECT_NE(
      xml.find("<testsuites name=\"autopilot test\" tests=\"2\" failures=\"1\" errors=\"0\">"),
      std::string::npos)
      << xml;
  EXPECT_NE(xml.find("name=\"a &quot;&lt;b&gt;&quot; &amp; c\" file=\"t.yaml\" line=\"10\"/>"),
            std::string::npos)
      << xml;
  EXPECT_NE(
      xml.find("message=\"expected result: &quot;blocked&quot;, got &quot;allowed&quot; (and 1 "
               "more)\""),
      std::string::npos)
      << xml;
  EXPECT_NE(xml.find("<property name=\"coverage.branches_total\" value=\"22\"/>"),
            std::string::npos)
      << xml;
}

}  // namespace
}  // namespace autopilot::trial
