// A test made of a decision passes under the policies that took it.
#include "core/trial/from_record.h"

#include <gtest/gtest.h>

#include <random>

#include "core/trial/run.h"
#include "tests/decide/trial.h"

namespace autopilot::trial {
namespace {

using decide::testing::compile_yaml;
using decide::testing::Decided;
using decide::testing::padded;
using decide::testing::Setting;

constexpr char kPolicies[] = R"yaml(
apiVersion: autopilot/v1
kind: Policy
metadata: {id: traffic}
spec:
  mutations:
    - {name: step, for: route.update_weight, field: weight, max_delta: 0.15, from: old_weight}
    - {name: label, for: route.update_weight, when: metrics.cvr > 0.5, set: {label: "'it\\'s: #1'"}}
  guards:
    - {name: floor, deny: metrics.cvr < 0.1, message: "CVR {metrics.cvr}: \"low\""}
    - {name: two-man, approve: risk > 0.35}
    - {name: odd, warn: "!has(action.data.explain)"}
  limits:
    - {name: hourly, max: 20, per: 1h, key: action.algorithm}
    - {name: risk, sum: risk, max: 3, per: run}
---
apiVersion: autopilot/v1
kind: Policy
metadata: {id: watch}
spec:
  mode: monitor
  mutations:
    - {name: half, for: route.update_weight, field: weight, clamp: [0, 0.4]}
  limits:
    - {name: few, max: 5, per: 1d}
)yaml";

std::string number(std::mt19937_64& random) {
  const char* const numbers[] = {"0", "0.05", "0.10", "1e-1", "0.25", "0.30", "0.6", "1.0", "2"};
  return numbers[random() % std::size(numbers)];
}

std::string random_line(std::mt19937_64& random, int i) {
  std::string action = "{\"id\":" + std::string(random() % 2 ? "\"a" : "\"") + std::to_string(i) +
                       "\",\"type\":\"" +
                       (random() % 8   ? "route.update_weight"
                        : random() % 2 ? "route.pause"
                                       : "odd") +
                       "\",\"algorithm\":\"" + (random() % 2 ? "bandit" : "no: 1") + "\"";
  if (random() % 3 == 0) action += ",\"created_by\":\"nobody\",\"risk\":null";
  if (random() % 4 == 0) action += ",\"target\":12.50";
  action += ",\"data\":{\"weight\":" + number(random);
  if (random() % 4) action += ",\"old_weight\":" + number(random);
  if (random() % 2) action += ",\"explain\":\"# \\u00e9\\t~ true\\n- x\"";
  if (random() % 4 == 0) action += ",\"list\":[1.50,\"no\",null,{\"a\":[]}],\"empty\":{}";
  std::string context = "{\"metrics\":{";
  if (random() % 5) context += "\"cvr\":" + number(random);
  context += "},\"more\":1";
  if (random() % 4 == 0) context += ",\"actor\":\"eve\",\"role\":\"viewer\"";
  if (random() % 4 == 0)
    context += ",\"segment\":{\"geo\":\"NO\"},\"time\":\"2020-01-01T00:00:00Z\"";
  return "{\"action\":" + action + "}},\"context\":" + context + "}}";
}

// What the test made of the line fails with, or "".
std::string fault(const std::string& line, const decide::CompiledSet& set) {
  const std::string text = padded(line);
  const std::string yaml = test_from_record(std::string_view(text).substr(0, line.size()));
  Diagnostics diagnostics;
  const auto documents =
      policy::load_text("t", yaml, set.project(), diagnostics, policy::Trees::keep);
  if (!diagnostics.ok()) return diagnostics.all()[0].message + "\n" + yaml;
  std::vector<policy::Policy> policies;
  for (const decide::CompiledPolicy& p : set.policies()) policies.push_back(p.model);
  Runner runner(set.project(), std::move(policies));
  const policy::PolicyTest test = policy::policy_test_from(documents.at(0));
  runner.check_names(test, diagnostics);
  if (!diagnostics.ok()) return diagnostics.all()[0].message + "\n" + yaml;
  std::string out;
  for (const Mismatch& m : runner.run(test, test.cases.at(0), nullptr).mismatches)
    out += m.what + ": " + m.expected + ", got " + m.actual + "\n";
  return out.empty() ? out : out + yaml;
}

TEST(from_record, whatever_was_decided_passes_as_a_test) {
  decide::testing::Trial trial(compile_yaml(kPolicies));
  std::mt19937_64 random(7);
  std::map<std::string, int> results;
  for (int i = 0; i < 400; ++i) {
    Setting setting;
    setting.now = setting.now + Duration::seconds(60 * i);
    setting.run = "run-" + std::to_string(i / 50);
    if (i % 5 == 0)
      setting.override_by = decide::Override{"boss", policy::Role::admin, "it's: \"fine\""};
    const Decided decided = trial.decide(random_line(random, i), setting);
    ASSERT_EQ(decided.fault, "");
    ++results[decided.result()];
    ASSERT_EQ(fault(decided.line, trial.set()), "") << decided.line;
  }
  EXPECT_EQ(results.size(), 4u) << "all results occur";
}

TEST(from_record, another_answer_would_be_noticed) {
  decide::testing::Trial trial(compile_yaml(kPolicies));
  const Decided decided = trial.decide(
      R"({"action":{"type":"route.update_weight","algorithm":"b","data":{"weight":0.3,"old_weight":0.25}},"context":{"metrics":{"cvr":0.3}}})");
  std::string other(kPolicies);
  other.replace(other.find("max_delta: 0.15"), 15, "max_delta: 0.01");
  EXPECT_NE(fault(decided.line, *compile_yaml(other)), "");
}

}  // namespace
}  // namespace autopilot::trial
