// What holds for all policies and actions: several hundred random sets, each held against the
// oracle, and every decision the same whichever way it is taken (tests/decide/trial.h).
#include <gtest/gtest.h>

#include "tests/decide/generator.h"
#include "tests/decide/oracle.h"
#include "tests/decide/recorded.h"
#include "tests/decide/sha256.h"
#include "tests/decide/trial.h"
#include "tests/instrumented.h"

namespace autopilot::decide {

double oracle::share_of(const std::string& id, const std::string& key) {
  return static_cast<double>(sha256_head(id + '\0' + key)) / 18446744073709551616.0;
}

namespace testing {
namespace {

using oracle::Action;
using oracle::Answer;

constexpr std::uint64_t kSets = autopilot::testing::rounds(300);
constexpr int kActions = 12;

Answer answer_of(const Decided& decided) {
  Answer out;
  out.result = decided.result();
  for (const auto& [name, v] : decided.data().as_map()) out.data[name] = v.as_double();
  out.risk = decided.value.get("risk")->as_double();
  for (const Value& r : decided.value.get("reasons")->as_list()) {
    (r.get("monitor") != nullptr ? out.monitor_reasons : out.reasons) +=
        "- " + r.get("policy")->as_string() + "/" + r.get("rule")->as_string() + " " +
        r.get("effect")->as_string() + "\n";
  }
  for (const Value& m : decided.value.get("monitor")->as_list()) {
    out.monitor[m.get("policy")->as_string()] = m.get("result")->as_string();
  }
  return out;
}

void expect_same(const Answer& engine, const Answer& expected) {
  EXPECT_EQ(engine.result, expected.result);
  EXPECT_EQ(engine.data, expected.data);
  EXPECT_DOUBLE_EQ(engine.risk, expected.risk);
  EXPECT_EQ(engine.reasons, expected.reasons);
  EXPECT_EQ(engine.monitor_reasons, expected.monitor_reasons);
  EXPECT_EQ(engine.monitor, expected.monitor);
}

TEST(decisions, agree_with_a_simple_oracle_and_with_themselves) {
  std::map<std::string, int> seen;
  for (std::uint64_t seed = 1; seed <= kSets; ++seed) {
    Generator generator(seed);
    const std::vector<oracle::Policy> policies = generator.policies();
    Trial trial(yaml_of(policies));
    oracle::Oracle oracle(policies);
    for (int i = 0; i < kActions && !HasFailure(); ++i) {
      const Action action = generator.action(i);
      const Decided decided = trial.decide(line_of(action), setting_of(action));
      ASSERT_EQ(decided.fault, "");
      SCOPED_TRACE("seed " + std::to_string(seed) + "\n" + yaml_of(policies) + decided.line);
      const Answer expected = oracle.decide(action);
      expect_same(answer_of(decided), expected);
      ++seen[expected.result];
    }
  }
  // The sets are worth something only when all kinds of answers come up often.
  for (const char* result : {"allowed", "modified", "pending", "blocked"}) {
    EXPECT_GT(seen[result], autopilot::testing::rounds(100)) << result;
  }
}

TEST(decisions, do_not_depend_on_the_order_of_the_documents) {
  for (std::uint64_t seed = 1; seed <= kSets / 4; ++seed) {
    Generator generator(1000 + seed);
    std::vector<oracle::Policy> policies = generator.policies();
    Trial first(yaml_of(policies));
    for (std::size_t i = policies.size(); i > 1; --i) {
      std::swap(policies[i - 1], policies[generator.below(i)]);
    }
    Trial second(yaml_of(policies));
    for (int i = 0; i < kActions && !HasFailure(); ++i) {
      const Action action = generator.action(i);
      EXPECT_EQ(first.decide(line_of(action), setting_of(action)).line,
                second.decide(line_of(action), setting_of(action)).line)
          << "seed " << seed << "\n"
          << yaml_of(policies);
    }
  }
}

// A policy that never says anything but reads the action as a whole and fields within a field, so
// that each change makes the engine decode the action again.
std::string looker() {
  oracle::Policy p;
  p.id = "zz";
  std::string yaml = yaml_of(p);
  const std::string rules = R"y(,"guards":[{"name":"look","warn":"size(action.data) < 0 || )y"
                            R"y(action.data.exists(k, k == '?')"}]}})y";
  return yaml.replace(yaml.rfind("}}"), 2, rules);
}

TEST(decisions, do_not_depend_on_who_looks_at_the_whole_action) {
  for (std::uint64_t seed = 1; seed <= kSets / 3; ++seed) {
    Generator generator(4000 + seed);
    std::vector<oracle::Policy> policies = generator.policies();
    policies[0].enabled = true;  // some policy enforces, with and without the one that looks
    policies[0].monitor = false;
    Trial plain(yaml_of(policies)), looking(yaml_of(policies) + looker());
    ASSERT_TRUE(looking.set().has_broad_slots());
    for (int i = 0; i < kActions && !HasFailure(); ++i) {
      const Action action = generator.action(i);
      EXPECT_EQ(plain.decide(line_of(action), setting_of(action)).line,
                looking.decide(line_of(action), setting_of(action)).line)
          << "seed " << seed << "\n"
          << yaml_of(policies);
    }
  }
}

// What a comparison calls a difference: another result, or another action that may happen.
bool differ(const Decided& a, const Decided& b) {
  if (a.result() != b.result()) return true;
  return a.result() != "blocked" && !(a.action() == b.action());
}

TEST(decisions, compared_with_their_own_policies_do_not_differ) {
  for (std::uint64_t seed = 1; seed <= kSets / 6; ++seed) {
    Generator generator(2000 + seed);
    const std::string yaml = yaml_of(generator.policies());
    Trial trial(yaml);
    std::vector<std::string> lines;
    for (int i = 0; i < kActions; ++i) {
      const Action action = generator.action(i);
      lines.push_back(trial.decide(line_of(action), setting_of(action)).line);
    }
    const Impact impact = impact_of(compile_yaml(yaml), lines);
    EXPECT_EQ(impact.checked(), kActions);
    EXPECT_EQ(impact.flips(), 0) << "seed " << seed << "\n" << yaml;
  }
}

TEST(decisions, compared_with_other_policies_differ_where_these_decide_otherwise) {
  std::int64_t all = 0;
  for (std::uint64_t seed = 1; seed <= kSets / 6; ++seed) {
    Generator generator(3000 + seed);
    const std::string before = yaml_of(generator.policies());
    const std::string after = yaml_of(generator.policies());
    Trial trial(before), other(after);
    std::vector<std::string> lines;
    std::map<std::pair<std::string, std::string>, std::int64_t> expected, found;
    for (int i = 0; i < kActions; ++i) {
      const Action action = generator.action(i);
      const Decided decided = trial.decide(line_of(action), setting_of(action));
      const Decided again = other.decide(line_of(action), setting_of(action));
      if (differ(decided, again)) ++expected[{decided.result(), again.result()}];
      lines.push_back(decided.line);
    }
    const Impact impact = impact_of(compile_yaml(after), lines);
    for (const auto& [key, group] : impact.groups()) {
      found[{std::string(to_string(key.before)), std::string(to_string(key.after))}] += group.count;
    }
    EXPECT_EQ(found, expected) << "seed " << seed << "\n" << before << "\nagainst\n" << after;
    all += impact.flips();
  }
  EXPECT_GT(all, autopilot::testing::rounds(100));
}

TEST(decisions, share_out_units_as_published_digests_do) {
  // FIPS 180-4's own example: SHA-256("abc") begins with ba7816bf 8f01cfea.
  EXPECT_EQ(oracle::sha256_head("abc"), 0xba7816bf8f01cfeau);
  EXPECT_DOUBLE_EQ(oracle::share_of("half", "6"), 0.18940174155332423);
}

}  // namespace
}  // namespace testing
}  // namespace autopilot::decide
