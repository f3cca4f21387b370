// What lint claims, held against the engine: random policies, and inputs dense around the numbers
// that they mention. No decision may refute a finding; a rule that is called superfluous may be
// taken out without changing one.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "core/policy/lint.h"
#include "tests/decide/trial.h"
#include "tests/instrumented.h"

namespace autopilot::decide::testing {
namespace {

constexpr std::uint32_t kSets = autopilot::testing::rounds(1500);
constexpr int kActions = 60;

class Maker {
 public:
  explicit Maker(std::uint32_t seed) : random_(seed) {}

  std::string policies() {
    std::string out;
    const std::size_t count = 1 + below(3);
    for (std::size_t i = 0; i < count; ++i) out += policy("p" + std::to_string(i));
    return out;
  }

  std::string action(int number) {
    std::string data, metrics, segment;
    for (const char* field : {"weight", "old_weight"}) add(data, field, 6);
    for (const char* metric : {"a", "b"}) add(metrics, metric, 7);
    if (!one_in(6)) segment = fmt::format("\"geo\":{}", pick({"\"FR\"", "\"BE\"", "\"DE\"", "5"}));
    const std::string risk =
        one_in(2) ? fmt::format(",\"risk\":{}", pick({"0", "0.1", "0.2", "0.5", "0.50001", "1"}))
                  : "";
    return fmt::format(
        R"({{"action":{{"id":"a{}","type":"{}","algorithm":"{}","target":"t"{},"data":{{{}}}}},"context":{{"metrics":{{{}}},"segment":{{{}}}}}}})",
        number, pick({"route.update_weight", "route.pause", "budget.shift"}), pick({"x", "y"}),
        risk, data, metrics, segment);
  }

  std::size_t below(std::size_t n) { return random_() % n; }

 private:
  bool one_in(std::size_t n) { return below(n) == 0; }
  std::string pick(const std::vector<std::string>& from) { return from[below(from.size())]; }

  std::string constant() { return pick({"0.0", "0.1", "0.2", "0.3", "0.5", "1.0"}); }

  void add(std::string& out, const std::string& name, std::size_t rarely) {
    if (one_in(rarely)) return;
    if (!out.empty()) out += ",";
    const std::string value =
        one_in(9) ? pick({"\"FR\"", "true", "null"})
                  : pick({"0", "0.1", "0.2", "0.3", "0.5", "1", "-1", "0.05", "0.15", "0.25", "0.4",
                          "0.7", "2", "0.30000000000000004", "0.09999999999999999"});
    out += fmt::format("\"{}\":{}", name, value);
  }

  std::string condition(bool with_risk, int depth = 1) {
    if (depth > 0 && one_in(3))
      return "(" + condition(with_risk, depth - 1) + pick({" && ", " || "}) +
             condition(with_risk, depth - 1) + ")";
    switch (below(with_risk ? 8 : 7)) {
      case 0:
        return "segment.geo == " + pick({"'FR'", "'BE'"});
      case 1:
        return "segment.geo in ['FR', " + pick({"'BE'", "'DE'"}) + "]";
      case 2:
        return pick({"", "!"}) + "has(" + pick({"metrics.a", "action.data.weight"}) + ")";
      case 3:
        return "metrics.a " + pick({"<", ">"}) + " " + constant() + " * metrics.b";
      case 4:
        return "action.data.weight " + pick({"<", ">="}) + " " + constant();
      case 7:
        return "risk > " + constant();
      default:
        return pick({"metrics.a", "metrics.b"}) + " " + pick({"<", "<=", ">", ">="}) + " " +
               constant();
    }
  }

  std::string rule_head(bool with_risk) {
    std::string out;
    if (one_in(4))
      out += ", for: " + pick({"route.update_weight", "[route.update_weight, route.pause]"});
    if (one_in(4)) out += ", when: \"" + condition(with_risk, 0) + "\"";
    return out;
  }

  std::string policy(const std::string& id) {
    std::string spec;
    if (one_in(5)) spec += "  mode: monitor\n";
    if (one_in(4)) spec += "  on_error: skip\n";
    if (one_in(4)) spec += "  priority: " + std::to_string(99 + below(3)) + "\n";
    if (one_in(6)) spec += "  rollout: 50%\n";
    if (one_in(6)) spec += "  authority: operator\n";
    if (one_in(4))
      spec += "  scope: algorithm\n  algorithm: " + pick({"x", "[x, y]"}) + "\n";
    else if (one_in(5))
      spec += "  scope: segment\n  selector: {geo: " + pick({"FR", "[FR, BE]", "[5, FR]"}) + "}\n";
    list(spec, "gates", below(3), [&] { return ", when: \"" + condition(false) + "\""; });
    list(spec, "mutations", below(3), [&] { return mutation(); });
    list(spec, "guards", 1 + below(4), [&] {
      const std::string kind = pick({"deny", "deny", "deny", "approve", "warn"});
      return one_in(8) ? rule_head(true) + ", require: " + pick({"weight", "[weight, old_weight]"})
                       : rule_head(true) + ", " + kind + ": \"" + condition(true) + "\"";
    });
    list(spec, "limits", below(3), [&] {
      std::string out = rule_head(true) + ", max: " + pick({"2", "3", "5", "0.5", "0"}) +
                        ", per: " + pick({"1h", "1h", "2h", "run"});
      if (one_in(2)) out += ", key: action.algorithm";
      if (one_in(3)) out += ", sum: risk";
      return out;
    });
    return "---\napiVersion: autopilot/v1\nkind: Policy\nmetadata: {id: " + id + "}\nspec:\n" +
           spec;
  }

  std::string mutation() {
    const std::string field = ", field: " + pick({"weight", "weight", "old_weight"});
    switch (below(4)) {
      case 0:
        return rule_head(false) + ", field: weight, max_delta: " + constant() +
               ", from: old_weight";
      case 1:
        return rule_head(false) + ", set: {weight: " + constant() + "}";
      default:
        return rule_head(false) + field +
               ", clamp: " + pick({"[0, 0.2]", "[0.1, 0.5]", "[0.3, 1]", "[0.2, 0.3]", "[0, 1]"});
    }
  }

  template <class Rule>
  void list(std::string& spec, const std::string& section, std::size_t count, Rule rule) {
    if (count == 0) return;
    spec += "  " + section + ":\n";
    for (std::size_t i = 0; i < count; ++i)
      spec += fmt::format("    - {{name: {}{}{}}}\n", section, i, rule());
  }

  std::mt19937 random_;
};

// Decides all lines, one after the other.
class Decisions {
 public:
  explicit Decisions(std::vector<policy::Policy> policies)
      : set_(std::string(kRevision), {}, std::move(policies)), engine_(set_) {}

  // The answer in short; `trace` tells how it came.
  std::string decide(const std::string& line, int number, Trace& trace) {
    const std::string text = padded(line);
    Input input;
    InputFault fault;
    EXPECT_TRUE(engine_.read(std::string_view(text).substr(0, line.size()), {}, input, fault))
        << line << fault.message;
    Circumstances at;
    at.now = *parse_rfc3339("2026-11-20T10:00:00Z") + Duration::seconds(60 * number);
    at.run = "r1";
    at.actor = "ada";
    at.role = "operator";
    Outcome outcome;
    engine_.decide(input, at, ledger_, outcome, &trace);
    consume(outcome, at, number + 1, ledger_);
    blocked = outcome.result == Result::blocked;
    // What a blocked action would have become is nobody's business, nor that a monitor policy had
    // nothing to say.
    std::string out = fmt::format("{} {}", static_cast<int>(outcome.result),
                                  outcome.changed && !blocked ? outcome.action : "");
    for (const MonitorOutcome& m : outcome.monitor) {
      if (m.result != Result::allowed)
        out += fmt::format(" {}:{}", m.policy, static_cast<int>(m.result));
    }
    return out;
  }

  bool blocked = false;

 private:
  CompiledSet set_;
  Engine engine_;
  MemoryLedger ledger_;
};

const PolicyTrace* find_policy(const Trace& trace, const std::string& id) {
  for (const PolicyTrace& p : trace.policies) {
    if (p.id == id) return &p;
  }
  return nullptr;
}

std::vector<StepStatus> statuses(const Trace& trace, const std::string& id, const std::string& rule,
                                 bool of_when) {
  std::vector<StepStatus> out;
  const PolicyTrace* p = find_policy(trace, id);
  if (p == nullptr) return out;
  for (const auto& step : p->steps) {
    const bool skipped_by_when = step.status == StepStatus::skip && step.text.starts_with("when ");
    if (step.name == rule && (of_when ? skipped_by_when || step.status != StepStatus::skip
                                      : step.status != StepStatus::skip))
      out.push_back(step.status);
  }
  return out;
}

bool any_is(const std::vector<StepStatus>& all, StepStatus wanted) {
  return std::find(all.begin(), all.end(), wanted) != all.end();
}

class Refuter {
 public:
  Refuter(const std::vector<policy::Policy>& policies, const policy::Finding& finding)
      : policy_(policies[finding.at.policy]), finding_(finding) {
    if (!finding.related.empty()) other_ = &policies[finding.related[0].second.policy];
  }

  // Why the decision contradicts the finding; "" when it does not.
  std::string refute(const Trace& trace, bool blocked) const {
    const std::string& code = finding_.code;
    const PolicyTrace* p = find_policy(trace, policy_.id);
    if (p == nullptr) return "";
    if (code == "contradictory-gates") return p->applied ? "it applies" : "";
    if (code == "always-false" || code == "always-true" || code == "always-fails")
      return of_condition(trace);
    if (code == "unreachable-rule") return of_unreachable(trace);
    if (code == "conflicting-bounds") return of_bounds(trace, blocked);
    if (code == "blocking-limit" &&
        finding_.message.find("every action that it concerns") != std::string::npos)
      return any_is(statuses(trace, policy_.id, finding_.at.rule, false), StepStatus::pass)
                 ? "the limit passes"
                 : "";
    return "";
  }

 private:
  std::string of_condition(const Trace& trace) const {
    const bool gate = finding_.at.section == "gates", when = finding_.at.field == "when" && !gate;
    const std::vector<StepStatus> all = statuses(trace, policy_.id, finding_.at.rule, when);
    bool yes = any_is(all, gate ? StepStatus::pass : StepStatus::fail),
         no = any_is(all, gate ? StepStatus::fail : StepStatus::pass);
    if (when) {
      no = any_is(all, StepStatus::skip);
      yes = any_is(all, StepStatus::pass) || any_is(all, StepStatus::fail);
    }
    if (finding_.code != "always-true" && yes) return "it is true";
    return finding_.code != "always-false" && no ? "it is false" : "";
  }

  std::string of_unreachable(const Trace& trace) const {
    const std::vector<StepStatus> all = statuses(trace, policy_.id, finding_.at.rule, false);
    const bool guard = finding_.at.section == "guards";
    const bool fires = any_is(all, StepStatus::fail) || (!guard && any_is(all, StepStatus::pass));
    return fires ? "it fires" : "";
  }

  std::string of_bounds(const Trace& trace, bool blocked) const {
    const bool both =
        any_is(statuses(trace, policy_.id, finding_.at.rule, false), StepStatus::pass) &&
        any_is(statuses(trace, other_->id, finding_.related[0].second.rule, false),
               StepStatus::pass);
    return both && !blocked ? "both hold" : "";
  }

  const policy::Policy& policy_;
  const policy::Policy* other_ = nullptr;
  const policy::Finding& finding_;
};

bool is_superfluous(const policy::Finding& f) {
  return f.code == "shadowed-rule" || f.code == "redundant-gate" || f.code == "unreachable-limit";
}

std::vector<policy::Policy> without(std::vector<policy::Policy> policies,
                                    const policy::Spot& spot) {
  policy::Policy& p = policies[spot.policy];
  const auto at = static_cast<std::ptrdiff_t>(spot.index);
  if (spot.section == "gates") p.gates.erase(p.gates.begin() + at);
  if (spot.section == "mutations") p.mutations.erase(p.mutations.begin() + at);
  if (spot.section == "guards") p.guards.erase(p.guards.begin() + at);
  if (spot.section == "limits") p.limits.erase(p.limits.begin() + at);
  return policies;
}

TEST(LintSoundness, no_decision_refutes_a_finding) {
  std::map<std::string, int> claims;
  for (std::uint32_t seed = 0; seed < kSets; ++seed) {
    Maker maker(seed);
    const std::string yaml = maker.policies();
    Diagnostics diagnostics;
    const policy::Project project;
    const std::vector<policy::Policy> policies = policies_of(yaml, project, diagnostics);
    ASSERT_EQ(faults_of(diagnostics), "") << yaml;
    policy::LintSettings settings;
    settings.now = *parse_rfc3339("2026-11-20T10:00:00Z");
    const std::vector<policy::Finding> findings =
        policy::lint(policies, project, settings).findings;
    std::vector<std::string> lines, answers;
    for (int i = 0; i < kActions; ++i) lines.push_back(maker.action(i));
    Decisions run(policies);
    for (int i = 0; i < kActions; ++i) {
      Trace trace;
      answers.push_back(run.decide(lines[static_cast<std::size_t>(i)], i, trace));
      for (const policy::Finding& f : findings) {
        ASSERT_EQ(Refuter(policies, f).refute(trace, run.blocked), "")
            << f.code << " " << policies[f.at.policy].id << "/" << f.at.rule << ": " << f.message
            << "\n"
            << lines[static_cast<std::size_t>(i)] << "\n"
            << yaml;
      }
    }
    for (const policy::Finding& f : findings) {
      ++claims[f.code];
      if (!is_superfluous(f)) continue;
      Decisions rest(without(policies, f.at));
      for (int i = 0; i < kActions; ++i) {
        Trace trace;
        const std::string answer = rest.decide(lines[static_cast<std::size_t>(i)], i, trace);
        ASSERT_EQ(answer, answers[static_cast<std::size_t>(i)])
            << f.code << " " << policies[f.at.policy].id << "/" << f.at.rule << ": " << f.message
            << "\n"
            << lines[static_cast<std::size_t>(i)] << "\n"
            << yaml;
      }
    }
  }
  for (const char* code : {"always-false", "always-true", "contradictory-gates", "unreachable-rule",
                           "conflicting-bounds", "blocking-limit", "shadowed-rule",
                           "redundant-gate", "unreachable-limit"}) {
    EXPECT_GT(claims[code], 0) << code;
  }
}

}  // namespace
}  // namespace autopilot::decide::testing
