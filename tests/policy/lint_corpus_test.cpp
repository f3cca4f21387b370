// 300 made-up policies, half of them with one planted fault each: every fault is found where it is,
// and nothing is said about the others. The same on every machine.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "core/policy/lint_report.h"
#include "core/policy/loader.h"

namespace autopilot::policy {
namespace {

constexpr std::size_t kPolicies = 300;

// A policy in parts, so that a fault can be planted in one of them.
struct Sketch {
  std::string scope, extra, gates, mutations, guards, limits;
  std::string yaml(const std::string& id) const {
    return fmt::format(
        "---\napiVersion: autopilot/v1\nkind: Policy\nmetadata: {{id: {}}}\nspec:\n  scope: {}\n{} "
        " gates:\n{}  "
        "mutations:\n{}  guards:\n{}  limits:\n{}",
        id, scope, extra, gates, mutations, guards, limits);
  }
};

// Numbers that differ from policy to policy, in the ranges that people write.
class Maker {
 public:
  explicit Maker(std::uint32_t seed) : random_(seed) {}

  // Each is for an algorithm of its own, so that policies don't meet.
  Sketch sound(std::size_t number) {
    Sketch s;
    visits_ = 100 + below(900);
    floor_ = 0.001 * static_cast<double>(5 + below(40));
    risk_ = 0.1 * static_cast<double>(2 + below(6));
    hourly_ = 20 + below(80);
    s.scope = fmt::format("algorithm\n  algorithm: algorithm-{}", number);
    s.gates = fmt::format("    - {{name: traffic, when: metrics.visits_1h >= {}}}\n", visits_);
    if (below(2) == 0)
      s.gates += fmt::format("    - {{name: geo, when: \"segment.geo in ['FR', 'BE', 'c{}']\"}}\n",
                             below(9));
    s.mutations = fmt::format(
        "    - {{name: range, for: route.update_weight, field: weight, clamp: [0.0{}, 0.{}]}}\n",
        1 + below(9), 5 + below(5));
    if (below(2) == 0)
      s.mutations += "    - {name: step, field: budget, max_delta: 100, from: old_budget}\n";
    s.guards = fmt::format("    - {{name: floor, deny: metrics.cvr_1h < {:.3f}}}\n", floor_);
    if (below(2) == 0)
      s.guards += fmt::format(
          "    - {{name: ratio, deny: metrics.cvr_1h < 0.{} * metrics.cvr_24h}}\n", 1 + below(8));
    if (below(2) == 0)
      s.guards += fmt::format("    - {{name: careful, approve: risk > {:.1f}}}\n", risk_);
    if (below(3) == 0) s.guards += "    - {name: explain, warn: \"!has(action.data.explain)\"}\n";
    if (below(3) == 0)
      s.guards += "    - {name: fields, for: route.update_weight, require: [weight, old_weight]}\n";
    if (below(3) == 0)
      s.guards += fmt::format(
          "    - {{name: odd, when: 'segment.device == \"mobile\"', deny: metrics.bounce > "
          "0.{}}}\n",
          5 + below(5));
    s.limits =
        fmt::format("    - {{name: hourly, max: {}, per: 1h, key: action.algorithm}}\n", hourly_);
    if (below(2) == 0)
      s.limits += fmt::format("    - {{name: daily, max: {}, per: 1d, key: action.algorithm}}\n",
                              hourly_ * 5);
    if (below(2) == 0) s.limits += "    - {name: risk, sum: risk, max: 2.5, per: run}\n";
    return s;
  }

  struct Fault {
    std::string code;
    std::string rule;   // where it is reported
    std::string other;  // a second policy that it needs; may be empty
  };

  // Plants a fault of the kind `number % kinds`.
  Fault plant(std::size_t number, std::size_t policy, Sketch& s) {
    const auto guard = [&](const std::string& text) {
      s.guards += "    - {name: planted, " + text + "}\n";
    };
    switch (number % 15) {
      case 0:
        guard(fmt::format("deny: metrics.cvr_1h < {:.4f}", floor_ / 2));
        return {"shadowed-rule", "planted", ""};
      case 1:
        guard("for: [route.pause, budget.shift], deny: metrics.spend > 900");
        s.guards +=
            "    - {name: closer, for: budget.shift, deny: 'metrics.spend > 950 && segment.geo == "
            "\"FR\"'}\n";
        return {"shadowed-rule", "closer", ""};
      case 2:
        s.gates +=
            fmt::format("    - {{name: planted, when: metrics.visits_1h < {}}}\n", visits_ / 2);
        return {"contradictory-gates", "planted", ""};
      case 3:
        guard(fmt::format("deny: metrics.visits_1h < {}", visits_ - 10));
        return {"unreachable-rule", "planted", ""};
      case 4:
        guard("deny: metrics.margin > 0.5 && metrics.margin < 0.4");
        return {"always-false", "planted", ""};
      case 5:
        guard("warn: metrics.margin > 0.4 || metrics.margin <= 0.4");
        return {"always-true", "planted", ""};
      case 6:
        s.mutations =
            "    - {name: range, for: route.update_weight, field: share, clamp: [0.1, 0.3]}\n";
        return {
            "conflicting-bounds", "planted",
            fmt::format("  scope: algorithm\n  algorithm: algorithm-{}\n  mutations:\n    - "
                        "{{name: planted, for: "
                        "[route.update_weight, budget.shift], field: share, clamp: [0.4, 0.9]}}\n",
                        policy)};
      case 7:
        s.limits += fmt::format(
            "    - {{name: planted, max: {}, per: 20m, key: action.algorithm}}\n", hourly_ + 1);
        return {"unreachable-limit", "planted", ""};
      case 8:
        s.guards += "    - {name: cap, deny: risk > 0.9}\n";
        s.limits += fmt::format(
            "    - {{name: planted, sum: risk, max: {}, per: 30m, key: action.algorithm}}\n",
            hourly_);
        s.guards.erase(0, s.guards.find('\n') + 1);
        return {"unreachable-limit", "planted", ""};
      case 9:
        s.limits += "    - {name: planted, for: route.pause, max: 0, per: 1d}\n";
        return {"blocking-limit", "planted", ""};
      case 10:
        s.extra = "  expires: 2025-05-01T00:00:00Z\n";
        return {"expired-policy", "", ""};
      case 11:
        s.extra = "  active: {cron: \"0-30 9-17 31 2,4,6 *\"}\n";
        return {"never-active", "", ""};
      case 12: {
        constexpr const char* kSlips[] = {"vists",  "visis",  "vsits",  "visitss", "viisits",
                                          "visots", "vistis", "ivsits", "visitz",  "Visits"};
        const std::string right = "visits_1h";
        s.gates.replace(s.gates.find(right), right.size(),
                        std::string(kSlips[number / 15]) + "_1h");
        return {"odd-name", "traffic", ""};
      }
      case 13:
        s.gates +=
            fmt::format("    - {{name: planted, when: metrics.visits_1h >= {}}}\n", visits_ / 2);
        return {"redundant-gate", "planted", ""};
      default:
        guard("when: metrics.spend > 100, deny: metrics.spend <= 50");
        return {"unreachable-rule", "planted", ""};
    }
  }

  std::size_t below(std::size_t n) { return random_() % n; }

 private:
  std::mt19937 random_;
  std::size_t visits_ = 0, hourly_ = 0;
  double floor_ = 0, risk_ = 0;
};

TEST(LintCorpus, every_planted_fault_is_found_and_nothing_else_is_said) {
  Maker maker(20261120);
  std::string yaml;
  std::map<std::string, std::string> expected;  // "policy/rule" → code
  for (std::size_t i = 0; i < kPolicies; ++i) {
    Sketch sketch = maker.sound(i);
    const std::string id = fmt::format("p{:03}", i);
    if (i % 2 == 1) {
      const Maker::Fault fault = maker.plant(i / 2, i, sketch);
      std::string at = id;
      if (!fault.other.empty()) {
        at = id + "-other";
        yaml += "---\napiVersion: autopilot/v1\nkind: Policy\nmetadata: {id: " + at + "}\nspec:\n" +
                fault.other;
      }
      expected[at + "/" + fault.rule] = fault.code;
    }
    yaml += sketch.yaml(id);
  }
  Diagnostics diagnostics;
  const PolicySet set = policies_of(load_text("corpus.yaml", yaml, {}, diagnostics));
  for (const Diagnostic& d : diagnostics.all()) ADD_FAILURE() << d.message << " " << d.help;
  ASSERT_GE(set.policies.size(), kPolicies);
  std::map<std::string, std::string> found;
  LintSettings settings;
  settings.now = *parse_rfc3339("2026-11-20T10:00:00Z");
  for (const Finding& f : lint(set.policies, {}, settings).findings) {
    const std::string at = set.policies[f.at.policy].id + "/" + f.at.rule;
    EXPECT_TRUE(found.emplace(at, f.code).second)
        << "twice: " << at << " " << f.code << " " << f.message;
  }
  EXPECT_EQ(expected.size(), kPolicies / 2);
  for (const auto& [at, code] : expected) EXPECT_EQ(found[at], code) << at;
  for (const auto& [at, code] : found)
    EXPECT_TRUE(code.empty() || expected.contains(at)) << at << " " << code;
}

}  // namespace
}  // namespace autopilot::policy
