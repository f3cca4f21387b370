// Warnings about Deployments: metrics that cannot tell the canary from stable.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/policy/reading.h"

namespace autopilot::policy {
namespace {

using testing::load;
using testing::Loaded;
using Faults = std::vector<std::string>;

// The metric stands in line 9, the rest below it.
Loaded deployment(const std::string& metric, const std::string& rest) {
  return load(fmt::format(R"(apiVersion: autopilot/v1
kind: Deployment
metadata: {{id: shop}}
spec:
  slots: {{blue: {{port: 8001}}, green: {{port: 8002}}}}
  process: {{provider: exec, argv: [./serve]}}
  traffic: {{provider: nginx, directory: nginx}}
  metrics:
    m: {}
{})",
                          metric, rest));
}
constexpr const char* kSteps = "  steps: [{weight: 5%}]\n";
const std::string kRule = std::string(kSteps) + "  rollback: [{when: canary.m > 0.02, for: 1m}]\n";
const std::string kCompared =
    std::string(kSteps) + "  rollback: [{when: canary.m > 2.0 * stable.m, for: 1m}]\n";

const std::string kCount = "{provider: exec, argv: [./n], kind: count}";
const std::string kValue = "{provider: exec, argv: [./n]}";

TEST(deployment_lint, a_condition_that_no_share_can_meet_is_told) {
  const auto rule = [](const std::string& when) {
    return std::string(kSteps) + "  rollback: [{when: " + when + ", for: 1m}]\n";
  };
  for (const char* when : {"canary.m > 2", "canary.m > 1.0 || weight > 5", "canary.m < 0"}) {
    const Loaded loaded = deployment(kCount, rule(when));
    EXPECT_EQ(loaded.faults(), Faults{"always-false@11:21"}) << when;
    EXPECT_TRUE(loaded.diagnostics.ok());
  }
  EXPECT_EQ(deployment(kCount, rule("canary.m > 2")).help(),
            "m counts, so it is a share from 0 to 1: 2% is 0.02");
  EXPECT_EQ(deployment(kCount, rule("canary.m >= 0")).faults(), Faults{"always-true@11:21"});
  for (const char* when : {"canary.m > 0.02", "canary.m >= 1.0", "canary.m > 2.0 * stable.m",
                           "canary.m - stable.m > 0.01 && weight > 0.5"})
    EXPECT_EQ(deployment(kCount, rule(when)).faults(), Faults{}) << when;
  EXPECT_EQ(deployment(kValue, rule("canary.m > 200.0")).faults(), Faults{});
}

TEST(deployment_lint, requirements_and_objectives_that_nothing_meets_are_told) {
  EXPECT_EQ(deployment(kCount, "  steps: [{weight: 5%, require: canary.m > 1.5}]\n").faults(),
            Faults{"always-false@10:33"});
  EXPECT_EQ(deployment(kCount, std::string(kSteps) + "  objectives: [{when: canary.m > 99.0}]\n")
                .faults(),
            Faults{"always-false@11:23"});
}

TEST(deployment_lint, analyses_that_no_step_asks_for_are_told) {
  const std::string analyses = "  analyses: {a: {method: sequential, metrics: [m], slo: 1%}}\n";
  const Loaded loaded = deployment(kCount, kSteps + analyses);
  EXPECT_EQ(loaded.faults(), Faults{"no-rules@10:10"});
  EXPECT_EQ(loaded.help(), "analysis: a, for example");
  for (const char* rest : {"  steps: [{weight: 5%, analysis: a}]\n",
                           "  steps: [{weight: 5%, require: canary.m < 0.1}]\n",
                           "  steps: [{weight: 5%}]\n  bake: {for: 1h, analysis: a}\n"})
    EXPECT_EQ(deployment(kCount, rest + analyses).faults(), Faults{}) << rest;
  EXPECT_EQ(deployment(kCount, kSteps).faults(), Faults{});
}

TEST(deployment_lint, counts_of_both_arms_together_are_told_with_what_tells_them_apart) {
  for (const auto& [metric, help] : std::vector<std::pair<std::string, std::string>>{
           {"{provider: nginx, path: a.log, kind: count}",
            "where: {upstream_addr: \"127.0.0.1:{{port}}\"} with log_format: timed, for example"},
           {"{provider: haproxy, socket: s, backend: b, kind: count}",
            "server: \"{{slot}}\", for example"},
           {"{provider: file, path: f.csv, bad: b, total: t}",
            "where: {version: \"{{version}}\"}, for example"},
           {"{provider: probe, url: \"http://127.0.0.1:80/\"}",
            "url: \"http://127.0.0.1:{{port}}/\", for example"},
           {"{provider: http, url: \"http://{{host}}/n\", bad: $.b, total: $.t}",
            "name {{version}}, {{arm}}, {{slot}} or {{port}} in what is asked"},
           {"{provider: prom, bad: e, total: 't{dc=\"{{ metric }}\"}'}",
            "name {{version}}, {{arm}}, {{slot}} or {{port}} in what is asked"}}) {
    const Loaded loaded = deployment(metric, kRule);
    EXPECT_EQ(loaded.faults(), Faults{"arms-alike@9:5"}) << metric;
    EXPECT_EQ(loaded.help(), help);
    EXPECT_TRUE(loaded.diagnostics.ok());
  }
  EXPECT_EQ(deployment("{provider: prom, bad: e, total: t}", kRule).message(),
            "m reads the same for canary and stable, so it cannot tell a bad version from the one "
            "that serves beside it");
}

TEST(deployment_lint, whatever_names_the_arm_is_enough) {
  for (const char* metric :
       {"{provider: prom, bad: 'e{v=\"{{version}}\"}', total: t}",
        "{provider: prom, bad: e, total: t, headers: {X-Arm: \"{{ arm }}\"}}",
        "{provider: haproxy, socket: s, backend: b, server: \"{{slot}}\", kind: count}",
        "{provider: nginx, path: \"{{port}}.log\", kind: count}",
        "{provider: file, path: f.csv, bad: b, total: t, where: {port: \"{{port}}\"}}"}) {
    EXPECT_EQ(deployment(metric, kRule).faults(), Faults{}) << metric;
  }
  EXPECT_EQ(deployment("{provider: exec, argv: [./m], kind: count}", kRule).faults(), Faults{})
      << "a program has AUTOPILOT_ARM";
  EXPECT_EQ(deployment("{provider: process}", kCompared).faults(), Faults{});
}

TEST(deployment_lint, a_host_tells_arms_apart_where_each_slot_has_its_own) {
  const std::string text =
      "apiVersion: autopilot/v1\nkind: Deployment\nmetadata: {id: shop}\nspec:\n"
      "  slots: {blue: {port: 80, host: 127.0.0.2}, green: {port: 81, host: 127.0.0.3}}\n"
      "  process: {provider: exec, argv: [./serve]}\n"
      "  traffic: {provider: nginx, directory: nginx}\n"
      "  metrics: {m: {provider: http, url: \"http://{{host}}/\", bad: $.b, total: $.t}}\n";
  EXPECT_EQ(load(text + kRule).faults(), Faults{});
}

TEST(deployment_lint, what_is_about_the_whole_may_be) {
  const std::string value = "{provider: prom, query: q}";
  EXPECT_EQ(deployment(value, kRule).faults(), Faults{}) << "a limit for all";
  EXPECT_EQ(deployment(value, kCompared).faults(), Faults{"arms-alike@9:5"});
  const std::string count = "{provider: prom, bad: e, total: t}";
  EXPECT_EQ(deployment(count, kSteps).faults(), Faults{}) << "nothing asks for it";
  const std::string before =
      std::string(kSteps) + "  rollback: [{when: canary.m > 2.0 * before.m, for: 1m}]\n";
  EXPECT_EQ(deployment(count, before).faults(), Faults{}) << "compared in time";
  const std::string other = std::string(kSteps) + "    \n  rollback: [{when: canary.m2 > 0.1}]\n";
  EXPECT_EQ(deployment("{provider: exec, argv: [x]}\n    m2: {provider: exec, argv: [x]}", other)
                .faults(),
            Faults{});
}

TEST(deployment_lint, analyses_and_conditions_of_steps_decide_too) {
  const std::string count = "{provider: prom, bad: e, total: t}";
  const std::string value = "{provider: prom, query: q}";
  const std::string every = "  analyses: {a: {method: sequential, overdispersion: 1.2}}\n" +
                            std::string("  steps: [{weight: 5%, hold: 1h, analysis: a}]\n");
  EXPECT_EQ(deployment(count, every).faults(), Faults{"arms-alike@9:5"});
  EXPECT_EQ(deployment(value, every).faults(), Faults{}) << "sequential judges counts";
  const std::string named = "  analyses: {a: {method: kayenta, metrics: [m]}}\n" +
                            std::string("  steps: [{weight: 5%, hold: 1h, analysis: a}]\n");
  EXPECT_EQ(deployment(value, named).faults(), Faults{"arms-alike@9:5"});
  const std::string required =
      "  steps: [{weight: 5%, hold: 1h, require: [canary.m < 0.1, weight > 0.0]}]\n";
  EXPECT_EQ(deployment(count, required).faults(), Faults{"arms-alike@9:5"});
}

TEST(deployment_lint, environments_that_share_a_metric_warn_once_and_a_silence_ends_it) {
  const std::string count = "{provider: prom, bad: e, total: t}";
  const std::string twice = kRule + "  environments: {staging: {}, live: {requires: staging}}\n";
  EXPECT_EQ(deployment(count, twice).faults(), Faults{"arms-alike@9:5"});
}

}  // namespace
}  // namespace autopilot::policy
