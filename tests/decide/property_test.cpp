// What holds for all policies and actions: several hundred random sets, each held against the
// oracle, and every decision the same whichever way it is taken (tests/decide/trial.h).
#include <gtest/gtest.h>

#include "tests/decide/oracle.h"
#include "tests/decide/recorded.h"
#include "tests/decide/sha256.h"
#include "tests/decide/trial.h"

namespace autopilot::decide {

double oracle::share_of(const std::string& id, const std::string& key) {
  return static_cast<double>(sha256_head(id + '\0' + key)) / 18446744073709551616.0;
}

namespace testing {
namespace {

using oracle::Action;
using oracle::Answer;
using oracle::Condition;

constexpr std::uint64_t kSets = 300;
constexpr int kActions = 12;

// Random policies and actions that meet often: few names, few numbers.
class Generator {
 public:
  explicit Generator(std::uint64_t seed) : random_(seed) {}

  std::vector<oracle::Policy> policies() {
    std::vector<oracle::Policy> out;
    const std::size_t count = 1 + below(6);
    for (std::size_t i = 0; i < count; ++i) out.push_back(policy("p" + std::to_string(i)));
    return out;
  }

  Action action(int number) {
    Action a;
    a.id = "a" + std::to_string(number);
    a.type = one_in(25) ? "route.teleport" : pick(kTypes);
    a.algorithm = pick(kAlgorithms);
    a.target = "t" + std::to_string(below(8));
    if (one_in(4)) a.risk = number_();
    for (const char* field : kFields) {
      if (!one_in(5)) a.data[field] = number_();
    }
    for (const char* metric : {"m0", "m1"}) {
      if (!one_in(6)) a.metrics[metric] = number_();
    }
    if (!one_in(4)) a.geo = pick(kGeos);
    time_ += static_cast<std::int64_t>(below(1500));
    a.at = time_;
    a.run = "r" + std::to_string(below(2));
    return a;
  }

  std::size_t below(std::size_t n) { return static_cast<std::size_t>(random_.next() % n); }

 private:
  using Names = std::vector<const char*>;
  static inline const Names kTypes = {"route.update_weight", "budget.shift", "route.pause"};
  static inline const Names kAlgorithms = {"bandit", "optimizer"};
  static inline const Names kGeos = {"FR", "US"};
  static inline const Names kFields = {"weight", "old_weight", "budget", "old_budget"};
  static inline const std::vector<double> kNumbers = {0,   0.1, 0.15, 0.2,  0.25, 0.3, 0.35,
                                                      0.4, 0.5, 0.55, 0.75, 0.8,  1,   1.5};

  bool one_in(std::size_t n) { return below(n) == 0; }
  std::string pick(const Names& names) { return names[below(names.size())]; }
  double number_() { return kNumbers[below(kNumbers.size())]; }

  Condition condition(bool with_risk) {
    static const Names paths = {"metrics.m0",  "metrics.m1",  "data.weight", "data.old_weight",
                                "data.budget", "data.budget", "metrics.m0",  "risk"};
    return {paths[below(paths.size() - (with_risk ? 0 : 1))], number_()};
  }

  void rule(oracle::Rule& rule, const std::string& name, bool with_risk) {
    rule.name = name;
    if (one_in(3)) rule.types.push_back(pick(kTypes));
    if (rule.types.size() == 1 && one_in(3)) rule.types.push_back(pick(kTypes));
    if (rule.types.size() == 2 && rule.types[0] == rule.types[1]) rule.types.pop_back();
    if (one_in(4)) rule.when = condition(with_risk);
  }

  oracle::Policy policy(const std::string& id) {
    oracle::Policy p;
    p.id = id;
    p.monitor = one_in(4);
    p.enabled = !one_in(10);
    p.skip_errors = !one_in(3);
    const std::size_t scope = below(4);
    if (scope == 1) p.algorithms = {pick(kAlgorithms)};
    if (scope == 2) p.geos = {pick(kGeos)};
    p.priority = 98 + static_cast<std::int64_t>(below(4));
    p.rollout = std::vector<double>{0, 0.5, 0.8, 1, 1, 1}[below(6)];
    for (std::size_t i = below(3); i > 0; --i) {
      if (one_in(2)) p.gates.emplace_back("gate" + std::to_string(i), condition(false));
    }
    for (std::size_t i = below(4); i > 0; --i) p.mutations.push_back(mutation(i));
    for (std::size_t i = below(3); i > 0; --i) p.guards.push_back(guard(i));
    for (std::size_t i = below(3); i > 0; --i) p.limits.push_back(limit(i));
    return p;
  }

  oracle::Mutation mutation(std::size_t i) {
    oracle::Mutation m;
    rule(m, "mutation" + std::to_string(i), false);
    m.kind = "ccds"[below(4)];
    m.field = one_in(4) ? "budget" : "weight";
    m.from = "old_" + m.field;
    m.low = number_();
    m.high = m.low + number_();
    m.delta = number_();
    m.value = number_();
    return m;
  }

  oracle::Guard guard(std::size_t i) {
    oracle::Guard g;
    rule(g, "guard" + std::to_string(i), true);
    g.kind = "daaaawr"[below(7)];
    g.condition = condition(true);
    if (g.kind == 'd') g.condition.bound /= 4;  // so that most actions pass
    g.required = pick(kFields);
    return g;
  }

  oracle::Limit limit(std::size_t i) {
    oracle::Limit l;
    rule(l, "limit" + std::to_string(i), true);
    l.max = one_in(2) ? static_cast<double>(1 + below(4)) : number_() * 3;
    if (one_in(2)) l.sum = pick(kFields);
    if (!one_in(3)) l.per_seconds = 3600;
    l.by_algorithm = one_in(2);
    return l;
  }

  autopilot::testing::FakeRandom random_;
  std::int64_t time_ = 1'800'000'000;
};

std::string cel(const Condition& c) {
  const std::string path = c.path[0] == 'd' ? "action." + c.path : c.path;
  return path + " < " + double_text(c.bound);
}

Map yaml_rule(const oracle::Rule& r) {
  Map out{{"name", r.name}};
  if (!r.types.empty()) out["for"] = List(r.types.begin(), r.types.end());
  if (r.when) out["when"] = cel(*r.when);
  return out;
}

Value yaml_of(const oracle::Mutation& m) {
  Map out = yaml_rule(m);
  if (m.kind != 's') out["field"] = m.field;
  if (m.kind == 'c') out["clamp"] = List{m.low, m.high};
  if (m.kind == 'd') out["max_delta"] = m.delta;
  if (m.kind == 'd') out["from"] = m.from;
  if (m.kind == 's') out["set"] = Map{{m.field, m.value}};
  return out;
}

Value yaml_of(const oracle::Guard& g) {
  Map out = yaml_rule(g);
  if (g.kind == 'r') out["require"] = g.required;
  if (g.kind == 'd') out["deny"] = cel(g.condition);
  if (g.kind == 'a') out["approve"] = cel(g.condition);
  if (g.kind == 'w') out["warn"] = cel(g.condition);
  return out;
}

Value yaml_of(const oracle::Limit& l) {
  Map out = yaml_rule(l);
  out["max"] = l.max;
  out["per"] = l.per_seconds ? "1h" : "run";
  if (!l.sum.empty()) out["sum"] = "action.data." + l.sum;
  if (l.by_algorithm) out["key"] = "action.algorithm";
  return out;
}

template <class Rules>
Value yaml_list(const Rules& rules) {
  List out;
  for (const auto& r : rules) out.push_back(yaml_of(r));
  return out;
}

std::string yaml_of(const oracle::Policy& p) {
  Map spec{{"mode", p.monitor ? "monitor" : "enforce"},
           {"enabled", p.enabled},
           {"on_error", p.skip_errors ? "skip" : "block"},
           {"priority", p.priority},
           {"rollout", p.rollout}};
  if (!p.algorithms.empty()) spec["scope"] = "algorithm";
  if (!p.algorithms.empty()) spec["algorithm"] = p.algorithms[0];
  if (!p.geos.empty()) spec["scope"] = "segment";
  if (!p.geos.empty()) spec["selector"] = Map{{"geo", p.geos[0]}};
  List gates;
  for (const auto& [name, c] : p.gates) gates.push_back(Map{{"name", name}, {"when", cel(c)}});
  if (!gates.empty()) spec["gates"] = gates;
  if (!p.mutations.empty()) spec["mutations"] = yaml_list(p.mutations);
  if (!p.guards.empty()) spec["guards"] = yaml_list(p.guards);
  if (!p.limits.empty()) spec["limits"] = yaml_list(p.limits);
  return "---\n" +
         to_json(Map{{"apiVersion", "autopilot/v1"},
                     {"kind", "Policy"},
                     {"metadata", Map{{"id", p.id}}},
                     {"spec", spec}}) +
         "\n";
}

std::string yaml_of(const std::vector<oracle::Policy>& policies) {
  std::string out;
  for (const oracle::Policy& p : policies) out += yaml_of(p);
  return out;
}

Value map_of(const oracle::Numbers& numbers) {
  Map out;
  for (const auto& [name, number] : numbers) out[name] = number;
  return out;
}

std::string line_of(const Action& a) {
  Map action{{"id", a.id}, {"type", a.type}, {"algorithm", a.algorithm}, {"target", a.target}};
  if (a.risk) action["risk"] = *a.risk;
  action["data"] = map_of(a.data);
  Map segment;
  if (a.geo) segment["geo"] = *a.geo;
  return to_json(Map{{"action", action},
                     {"context", Map{{"metrics", map_of(a.metrics)}, {"segment", segment}}}});
}

Setting setting_of(const Action& a) {
  Setting out;
  out.now = Instant{a.at, 0};
  out.run = a.run;
  return out;
}

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
    EXPECT_GT(seen[result], 100) << result;
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
  EXPECT_GT(all, 100);
}

TEST(decisions, share_out_units_as_published_digests_do) {
  // FIPS 180-4's own example: SHA-256("abc") begins with ba7816bf 8f01cfea.
  EXPECT_EQ(oracle::sha256_head("abc"), 0xba7816bf8f01cfeau);
  EXPECT_DOUBLE_EQ(oracle::share_of("half", "6"), 0.18940174155332423);
}

}  // namespace
}  // namespace testing
}  // namespace autopilot::decide
