// What counts as covered.
#include <gtest/gtest.h>

#include "tests/trial/on_trial.h"

namespace autopilot::trial {
namespace {

using testing::OnTrial;
using testing::policy_document;

OnTrial covered(const std::string& policies, const std::string& cases) {
  return OnTrial(
      policies,
      "  defaults: {action: {type: route.update_weight, algorithm: a, data: {weight: 0.3, "
      "old_weight: 0.3}}, expect: {no_reasons: [{message: never}]}}\n" +
          cases,
      true);
}

std::string metric_rows(const std::string& names, const std::string& rows) {
  return "  tables: [{columns: [" + names + "], rows: [" + rows + "]}]\n";
}

TEST(coverage, a_guard_fires_and_passes) {
  const std::string guard = policy_document("p", "  guards: [{name: g, deny: metrics.a > 1}]\n");
  EXPECT_EQ(covered(guard, metric_rows("metrics.a", "[2], [3], [0]")).covered("p", "g"),
            "3: [fires 2] [passes 1]");
  EXPECT_EQ(covered(guard, metric_rows("metrics.a", "[~]")).covered("p", "g"),
            "1: [fires 0] [passes 0]")
      << "an error is neither";
}

TEST(coverage, clauses_count_as_far_as_they_are_evaluated) {
  const std::string guard = policy_document(
      "p", "  guards: [{name: g, deny: metrics.a > 1 && (metrics.b > 1 || !(metrics.c > 1))}]\n");
  const auto way = [&](const std::string& row) {
    return covered(guard, metric_rows("metrics.a, metrics.b, metrics.c", row)).covered("p", "g");
  };
  EXPECT_EQ(way("[0, 2, 2]"),
            "1: [fires 0] [passes 1] [metrics.a > 1 true 0] [metrics.a > 1 false 1] [metrics.b > 1 "
            "true 0] [metrics.b > 1 false 0] [metrics.c > 1 true 0] [metrics.c > 1 false 0]");
  EXPECT_EQ(way("[2, 2, 2]"),
            "1: [fires 1] [passes 0] [metrics.a > 1 true 1] [metrics.a > 1 false 0] [metrics.b > 1 "
            "true 1] [metrics.b > 1 false 0] [metrics.c > 1 true 0] [metrics.c > 1 false 0]");
  EXPECT_EQ(way("[2, 0, 2]"),
            "1: [fires 0] [passes 1] [metrics.a > 1 true 1] [metrics.a > 1 false 0] [metrics.b > 1 "
            "true 0] [metrics.b > 1 false 1] [metrics.c > 1 true 1] [metrics.c > 1 false 0]");
  EXPECT_EQ(way("[~, 0, 2]"),
            "1: [fires 0] [passes 1] [metrics.a > 1 true 0] [metrics.a > 1 false 0] [metrics.b > 1 "
            "true 0] [metrics.b > 1 false 1] [metrics.c > 1 true 1] [metrics.c > 1 false 0]")
      << "an error of one clause does not keep the others from being asked";
}

TEST(coverage, macros_and_messages_of_clauses_are_as_written) {
  const std::string guard = policy_document(
      "p",
      "  guards: [{name: g, deny: '!has(metrics.a) || [1.0, 2.0].exists(x, x == metrics.a)'}]\n");
  EXPECT_EQ(
      covered(guard, metric_rows("metrics.a", "[2], [~]")).covered("p", "g"),
      "2: [fires 2] [passes 0] [has(metrics.a) true 1] [has(metrics.a) false 1] [[1.0, "
      "2.0].exists(x, x == metrics.a) true 1] [[1.0, 2.0].exists(x, x == metrics.a) false 0]");
}

TEST(coverage, each_kind_of_rule_has_its_ways) {
  const OnTrial tried =
      covered(policy_document("p", R"(  gates:
    - {name: gate, when: metrics.open > 0}
  mutations:
    - {name: clamp, when: metrics.clamp > 0, field: weight, clamp: [0, 0.5]}
    - {name: set, for: route.update_weight, set: {note: "'x'", other: "'y'"}}
    - {name: other, for: route.pause, set: {note: "'x'"}}
  guards:
    - {name: require, require: [weight, reason]}
    - {name: always, warn: true}
  limits:
    - {name: limit, max: 2, per: 1h}
)"),
              metric_rows("metrics.open, metrics.clamp, data.weight, data.reason, "
                          "used.p/limit",
                          "[0, 1, 0.3, r, 0], [1, 1, 0.6, r, 0], [1, 1, 0.4, ~, "
                          "5], [1, 0, 0.9, r, 0]"));
  EXPECT_EQ(tried.faults(), std::vector<std::string>{});
  EXPECT_EQ(tried.covered("p", "gate"), "4: [open 3] [closed 1]");
  EXPECT_EQ(tried.covered("p", "clamp"),
            "2: [when true 2] [when false 1] [changes 1] [leaves as is 1]");
  EXPECT_EQ(tried.covered("p", "set"), "3: [changes 3]");
  EXPECT_EQ(tried.covered("p", "other"), "0: [changes 0]");
  EXPECT_EQ(tried.covered("p", "require"), "3: [fires 1] [passes 2]");
  EXPECT_EQ(tried.covered("p", "always"), "3:");
  EXPECT_EQ(tried.covered("p", "limit"), "3: [within 2] [exceeded 1]");
  EXPECT_EQ(tried.coverage().policies()[0].applied, 3);
  const CoverageTotal total = tried.coverage().total();
  EXPECT_EQ(total.rules, 7u);
  EXPECT_EQ(total.rules_evaluated, 6u);
  EXPECT_EQ(total.branches, 12u);
  EXPECT_EQ(total.branches_taken, 11u);
}

TEST(coverage, nothing_at_all_is_covered_in_full) {
  EXPECT_EQ(
      covered(policy_document("p", "  guards: [{name: g, warn: true}]\n"), "  cases: [{name: x}]\n")
          .coverage()
          .total()
          .share(),
      1.0);
}

TEST(coverage, policies_of_tests_that_choose_some_are_counted_together) {
  const std::string two = policy_document("p", "  guards: [{name: g, deny: metrics.a > 1}]\n") +
                          policy_document("q", "  guards: [{name: g, deny: metrics.a > 1}]\n");
  const OnTrial tried = covered(two, "  policies: [q]\n" + metric_rows("metrics.a", "[2], [0]"));
  EXPECT_EQ(tried.covered("p", "g"), "0: [fires 0] [passes 0]");
  EXPECT_EQ(tried.covered("q", "g"), "2: [fires 1] [passes 1]");
}

TEST(coverage, lcov_counts_lines_branches_and_policies) {
  const OnTrial tried = covered(policy_document("p", R"(  guards:
    - name: one
      deny: metrics.a > 1
    - {name: two, deny: metrics.a > 5}
    - {name: three, for: route.pause, deny: metrics.a > 5}
)"),
                                metric_rows("metrics.a", "[2], [0]"));
  EXPECT_EQ(lcov(tried.coverage(), tried.sources()),
            "TN:\nSF:p.yaml\nFN:4,p\nFNDA:2,p\nFNF:1\nFNH:1\n"
            "BRDA:7,0,0,1\nBRDA:7,0,1,1\nBRDA:9,0,0,0\nBRDA:9,0,1,2\nBRDA:10,0,0,-\nBRDA:10,0,1,-\n"
            "BRF:6\nBRH:3\nDA:7,2\nDA:9,2\nDA:10,0\nLF:3\nLH:2\nend_of_record\n");
}

TEST(coverage, watching_changes_no_decision) {
  const std::string policies = policy_document("p", R"(  gates:
    - {name: gate, when: metrics.a > 0 || metrics.b > 0}
  guards:
    - {name: g, deny: metrics.a > 1 && metrics.b < 3}
)");
  const std::string cases =
      "  defaults: {action: {type: route.pause, algorithm: a}, expect: "
      "{result: allowed}}\n" +
      metric_rows("metrics.a, metrics.b", "[0, 0], [2, 1], [2, ~], [~, 1], [1, 5], [~, ~]");
  EXPECT_EQ(OnTrial(policies, cases, true).failures(), OnTrial(policies, cases).failures());
}

}  // namespace
}  // namespace autopilot::trial
