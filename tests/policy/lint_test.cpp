// What lint says about policies, and what it leaves alone.
#include "core/policy/lint.h"

#include <gtest/gtest.h>

#include "core/policy/lint_report.h"
#include "core/policy/loader.h"
#include "core/policy/silence.h"
#include "tests/fakes.h"

namespace autopilot::policy {
namespace {

constexpr const char* kNow = "2026-11-20T10:00:00Z";

std::string document(const std::string& id, const std::string& spec) {
  return "---\napiVersion: autopilot/v1\nkind: Policy\nmetadata: {id: " + id + "}\nspec:\n" + spec;
}

struct Linted {
  std::vector<Policy> policies;
  std::vector<Finding> findings;
};

Linted lint_yaml(const std::string& yaml, const std::string& project_yaml = {},
                 LintSettings settings = {}) {
  Diagnostics diagnostics;
  autopilot::testing::FakeFiles files;
  if (!project_yaml.empty()) files.texts["autopilot.yaml"] = project_yaml;
  const Project project = load_project("autopilot.yaml", files, diagnostics);
  const std::vector<Document> documents = load_text("p.yaml", yaml, project, diagnostics);
  for (const Diagnostic& d : diagnostics.all())
    EXPECT_NE(d.severity, Severity::error) << d.message << " " << d.help;
  settings.now = *parse_rfc3339(kNow);
  Linted out{policies_of(documents).policies, {}};
  out.findings = lint(out.policies, project, settings).findings;
  return out;
}

// "code policy/rule", one a line.
std::string said(const Linted& linted) {
  std::string out;
  for (const Finding& f : linted.findings) {
    if (!out.empty()) out += ", ";
    out +=
        f.code + " " + linted.policies[f.at.policy].id + (f.at.rule.empty() ? "" : "/" + f.at.rule);
  }
  return out;
}

std::string said_of(const std::string& yaml) { return said(lint_yaml(yaml)); }
std::string of_spec(const std::string& spec) { return said_of(document("p", spec)); }

TEST(Lint, says_nothing_about_sound_policies) {
  EXPECT_EQ(of_spec(R"yaml(
  gates: [{name: traffic, when: metrics.visits_1h >= 500}]
  mutations:
    - {name: clamp, field: weight, clamp: [0.01, 0.8]}
    - {name: step, field: weight, max_delta: 0.15, from: old_weight}
  guards:
    - {name: floor, deny: metrics.cvr_1h < 0.02}
    - {name: careful, approve: risk > 0.15}
    - {name: explain, warn: "!has(action.data.explain)"}
    - {name: all, when: metrics.freeze > 0, deny: "true"}
  limits:
    - {name: hourly, max: 100, per: 1h, key: action.algorithm}
    - {name: daily, max: 500, per: 1d, key: action.algorithm}
    - {name: risk, sum: risk, max: 1.0, per: run}
)yaml"),
            "");
}

TEST(Lint, finds_conditions_of_one_outcome) {
  EXPECT_EQ(of_spec("  guards: [{name: g, deny: metrics.a < 1 && metrics.a > 2}]\n"),
            "always-false p/g");
  EXPECT_EQ(of_spec("  guards: [{name: g, warn: has(metrics.a) || !has(metrics.a)}]\n"),
            "always-true p/g");
  EXPECT_EQ(of_spec("  guards: [{name: g, deny: risk < 0}]\n"), "always-false p/g");
  EXPECT_EQ(of_spec("  guards: [{name: g, when: risk >= 0, deny: metrics.a < 1}]\n"),
            "always-true p/g");
  EXPECT_EQ(of_spec("  guards: [{name: g, deny: 'action.type == \"\"'}]\n"), "always-false p/g");
}

TEST(Lint, says_that_a_condition_that_is_never_true_may_still_fail) {
  const Linted blocks =
      lint_yaml(document("p", "  guards: [{deny: metrics.a < 1 && metrics.a > 2}]\n"));
  EXPECT_NE(blocks.findings.at(0).message.find("unless it fails, which blocks"), std::string::npos);
  const Linted skips = lint_yaml(
      document("p", "  on_error: skip\n  guards: [{deny: metrics.a < 1 && metrics.a > 2}]\n"));
  EXPECT_NE(skips.findings.at(0).message.find("unless it fails, which counts as false"),
            std::string::npos);
  const Linted never =
      lint_yaml(document("p", "  guards: [{deny: has(metrics.a) && !has(metrics.a)}]\n"));
  EXPECT_EQ(never.findings.at(0).message, "deny can never be true");
}

TEST(Lint, takes_declared_shapes_at_their_word) {
  const std::string either =
      document("p", "  guards: [{name: g, deny: segment.on == true || segment.on == false}]\n");
  EXPECT_EQ(said(lint_yaml(either)), "");
  EXPECT_EQ(said(lint_yaml(either, "segment: {on: bool}\n")), "always-true p/g");
  // Numbers of JSON are doubles: with whole numbers arithmetic fails, whatever the declaration
  // says.
  EXPECT_EQ(said(lint_yaml(document("p", "  guards: [{name: g, deny: metrics.n + 1 > 5}]\n"),
                           "metrics: {n: int}\n")),
            "always-fails p/g");
}

TEST(Lint, finds_gates_that_contradict_each_other_or_the_scope) {
  EXPECT_EQ(of_spec("  gates: [{name: a, when: metrics.v > 5}, {name: b, when: metrics.v < 3}]\n"
                    "  guards: [{deny: metrics.x > 1}]\n"),
            "contradictory-gates p/b");
  EXPECT_EQ(of_spec("  scope: segment\n  selector: {geo: FR}\n  gates: [{name: a, when: "
                    "segment.geo == 'BE'}]\n"
                    "  guards: [{deny: metrics.x > 1}]\n"),
            "contradictory-gates p/a");
  EXPECT_EQ(
      of_spec("  scope: segment\n  selector: {n: 5}\n  gates: [{name: a, when: segment.n == 5}]\n"
              "  guards: [{deny: metrics.x > 1}]\n"),
      "");
  EXPECT_EQ(of_spec("  gates: [{name: a, when: metrics.v > 5}, {name: b, when: metrics.v > 3}]\n"
                    "  guards: [{deny: metrics.x > 1}]\n"),
            "redundant-gate p/b");
}

TEST(Lint, finds_rules_that_never_fire) {
  EXPECT_EQ(
      of_spec("  gates: [{when: metrics.v > 5}]\n  guards: [{name: g, deny: metrics.v < 3}]\n"),
      "unreachable-rule p/g");
  EXPECT_EQ(of_spec("  guards: [{name: g, when: metrics.v > 5, deny: metrics.v < 3}]\n"),
            "unreachable-rule p/g");
  EXPECT_EQ(
      of_spec("  guards: [{name: g, for: route.pause, deny: action.type == 'budget.shift'}]\n"),
      "unreachable-rule p/g");
  EXPECT_EQ(of_spec("  gates: [{when: metrics.v > 5}]\n  limits: [{name: l, when: metrics.v < 3, "
                    "max: 5, per: 1h}]\n"),
            "unreachable-rule p/l");
  EXPECT_EQ(of_spec("  scope: algorithm\n  algorithm: a\n  guards: [{name: g, deny: "
                    "action.algorithm == 'b'}]\n"),
            "unreachable-rule p/g");
}

TEST(Lint, knows_that_mutations_change_what_guards_see) {
  const std::string gate = "  gates: [{when: action.data.weight > 0.5}]\n";
  const std::string guard = "  guards: [{name: g, deny: action.data.weight < 0.3}]\n";
  EXPECT_EQ(of_spec(gate + guard), "unreachable-rule p/g");
  EXPECT_EQ(of_spec(gate + "  mutations: [{field: weight, clamp: [0, 0.2]}]\n" + guard), "");
  LintSettings part;
  part.whole = false;
  EXPECT_EQ(said(lint_yaml(document("p", gate + guard), {}, part)), "");
}

TEST(Lint, finds_guards_that_add_nothing) {
  EXPECT_EQ(of_spec("  guards: [{name: a, deny: metrics.v < 3}, {name: b, deny: metrics.v < 2}]\n"),
            "shadowed-rule p/b");
  EXPECT_EQ(of_spec("  guards: [{name: a, deny: metrics.v < 2}, {name: b, deny: metrics.v < 3}]\n"),
            "shadowed-rule p/a");
  EXPECT_EQ(of_spec("  guards: [{name: a, deny: metrics.v < 2}, {name: b, deny: metrics.v < 2}]\n"),
            "shadowed-rule p/b");
  EXPECT_EQ(of_spec("  guards: [{name: a, approve: risk > 0.2}, {name: b, approve: risk > 0.4}]\n"),
            "shadowed-rule p/b");
  EXPECT_EQ(of_spec("  guards: [{name: a, approve: risk > 0.2}, {name: b, approve: risk > 0.4, "
                    "approvals: 2}]\n"),
            "");
  EXPECT_EQ(
      of_spec("  guards: [{name: a, require: [x, y]}, {name: b, for: route.pause, require: x}]\n"),
      "shadowed-rule p/b");
  EXPECT_EQ(of_spec("  guards: [{name: a, warn: risk > 0.2}, {name: b, warn: risk > 0.4}]\n"), "");
  EXPECT_EQ(of_spec("  guards: [{name: a, for: route.pause, deny: risk > 0.2}, {name: b, deny: "
                    "risk > 0.4}]\n"),
            "");
  EXPECT_EQ(of_spec("  guards: [{name: a, when: metrics.x > 1, deny: risk > 0.2}, {name: b, deny: "
                    "risk > 0.4}]\n"),
            "");
  EXPECT_EQ(of_spec("  guards:\n    - {name: a, when: metrics.x > 1, deny: metrics.y < 5}\n"
                    "    - {name: b, when: metrics.x > 1, deny: metrics.y < 3}\n"),
            "shadowed-rule p/b");
}

TEST(Lint, compares_guards_of_different_policies) {
  const std::string wide = document("wide", "  guards: [{name: a, deny: metrics.v < 3}]\n");
  const std::string narrow = "  guards: [{name: b, deny: metrics.v < 2}]\n";
  EXPECT_EQ(said_of(wide + document("z", narrow)), "shadowed-rule z/b");
  EXPECT_EQ(said_of(wide + document("z", "  scope: algorithm\n  algorithm: x\n" + narrow)),
            "shadowed-rule z/b");
  EXPECT_EQ(said_of(wide + document("z", "  mode: monitor\n" + narrow)), "");
  EXPECT_EQ(said_of(wide + document("z", "  authority: dg_ai\n" + narrow)), "");
  EXPECT_EQ(said_of(wide + document("z", "  enabled: false\n" + narrow)), "");
  for (const char* less : {"enabled: false", "mode: monitor", "rollout: 50%", "on_error: skip",
                           "expires: 2030-01-01T00:00:00Z", "active: {cron: '* 9 * * *'}",
                           "gates: [{when: metrics.g > 0}]"}) {
    const std::string one = document(
        "wide", std::string("  ") + less + "\n  guards: [{name: a, deny: metrics.v < 3}]\n");
    EXPECT_EQ(said_of(one + document("z", narrow)), "") << less;
  }
}

TEST(Lint, leaves_remarks_of_different_policies_alone) {
  const std::string remark = "  guards: [{name: e, warn: '!has(action.data.explain)'}]\n";
  EXPECT_EQ(said_of(document("a", remark) + document("b", remark)), "");
}

TEST(Lint, finds_bounds_that_exclude_each_other) {
  const std::string low =
      document("low", "  mutations: [{name: m, field: weight, clamp: [0, 0.3]}]\n");
  EXPECT_EQ(
      said_of(low + document("z", "  mutations: [{name: n, field: weight, clamp: [0.5, 1]}]\n")),
      "conflicting-bounds z/n");
  EXPECT_EQ(
      said_of(low + document("z", "  mutations: [{name: n, field: weight, clamp: [0.3, 1]}]\n")),
      "");
  EXPECT_EQ(
      said_of(low + document("z", "  mutations: [{name: n, field: budget, clamp: [0.5, 1]}]\n")),
      "");
  EXPECT_EQ(
      said_of(
          low +
          document("z",
                   "  mode: monitor\n  mutations: [{name: n, field: weight, clamp: [0.5, 1]}]\n")),
      "");
  EXPECT_EQ(said_of(document("a",
                             "  scope: segment\n  selector: {geo: FR}\n  mutations: [{field: "
                             "weight, clamp: [0, 0.3]}]\n") +
                    document("b",
                             "  scope: segment\n  selector: {geo: BE}\n  mutations: [{field: "
                             "weight, clamp: [0.5, 1]}]\n")),
            "");
  EXPECT_EQ(
      said_of(
          low +
          document("z",
                   "  gates: [{when: action.data.old_weight > 0.9}]\n"
                   "  mutations: [{name: n, field: weight, max_delta: 0.1, from: old_weight}]\n")),
      "conflicting-bounds z/n");
}

TEST(Lint, finds_bounds_that_change_nothing) {
  const std::string tight = document(
      "tight", "  priority: 200\n  mutations: [{name: m, field: weight, clamp: [0.1, 0.3]}]\n");
  EXPECT_EQ(
      said_of(tight + document("z", "  mutations: [{name: n, field: weight, clamp: [0, 1]}]\n")),
      "shadowed-rule z/n");
  EXPECT_EQ(
      said_of(tight + document("z", "  mutations: [{name: n, field: weight, clamp: [0.2, 1]}]\n")),
      "");
}

TEST(Lint, finds_limits_without_effect) {
  const auto limits = [](const std::string& list) { return of_spec("  limits:\n" + list); };
  EXPECT_EQ(limits("    - {name: a, max: 0, per: 1h}\n"), "blocking-limit p/a");
  EXPECT_EQ(limits("    - {name: a, sum: risk, max: 0, per: 1h}\n"), "blocking-limit p/a");
  EXPECT_EQ(limits("    - {name: a, max: 10, per: 1h}\n    - {name: b, max: 10, per: 30m}\n"),
            "unreachable-limit p/b");
  EXPECT_EQ(limits("    - {name: a, max: 10, per: 1h}\n    - {name: b, max: 9, per: 30m}\n"), "");
  EXPECT_EQ(limits("    - {name: a, max: 10, per: 30m}\n    - {name: b, max: 15, per: 1h}\n"), "");
  EXPECT_EQ(limits("    - {name: a, max: 10, per: run}\n    - {name: b, max: 10, per: 1h}\n"), "");
  EXPECT_EQ(
      limits("    - {name: a, max: 10, per: 1h, key: run}\n    - {name: b, max: 20, per: 1h}\n"),
      "");
  EXPECT_EQ(
      limits("    - {name: a, max: 10, per: 1h}\n    - {name: b, max: 20, per: 1h, key: run}\n"),
      "unreachable-limit p/b");
  EXPECT_EQ(limits("    - {name: a, for: route.pause, max: 10, per: 1h}\n    - {name: b, max: 20, "
                   "per: 1h}\n"),
            "");
  EXPECT_EQ(of_spec("  guards: [{deny: risk > 0.5}]\n  limits: [{name: a, max: 10, per: 1h}, "
                    "{name: b, sum: risk, max: 5, per: 1h}]\n"),
            "unreachable-limit p/b");
  EXPECT_EQ(of_spec("  guards: [{deny: risk > 0.5}]\n  limits: [{name: a, max: 10, per: 1h}, "
                    "{name: b, sum: risk, max: 4, per: 1h}]\n"),
            "");
}

TEST(Lint, finds_policies_that_never_apply) {
  const std::string guard = "  guards: [{deny: metrics.v < 3}]\n";
  EXPECT_EQ(of_spec("  expires: 2026-11-20T10:00:00Z\n" + guard), "expired-policy p");
  EXPECT_EQ(of_spec("  expires: 2026-11-20T10:00:01Z\n" + guard), "");
  EXPECT_EQ(of_spec("  active: {cron: '* * 30 2 *'}\n" + guard), "never-active p");
  EXPECT_EQ(of_spec("  active: {cron: '* * 29 2 *'}\n" + guard), "");
  EXPECT_EQ(of_spec("  active: {cron: '* * 30 2 1'}\n" + guard), "");  // or any Monday of February
  EXPECT_EQ(of_spec("  active: {cron: '* * 31 4,6,9,11 *'}\n" + guard), "never-active p");
  // `rollout promote` may put another share in force.
  EXPECT_EQ(of_spec("  rollout: 0%\n" + guard), "");
}

TEST(Lint, finds_a_name_much_like_one_that_several_policies_read) {
  std::string many;
  for (const char* id : {"a", "b", "c"})
    many += document(id, std::string("  guards: [{deny: metrics.visits_1h < ") + id[0] + "0}]\n");
  std::size_t at = 0;
  for (const char* n : {"1", "2", "3"})
    many.replace(many.find(std::string("< ") + "abc"[at++] + "0") + 2, 1, n);
  const auto with = [&](const std::string& name) {
    std::string out;
    for (const Finding& f :
         lint_yaml(many + document("z", "  guards: [{warn: metrics." + name + " < 7}]\n"))
             .findings) {
      if (f.code == "odd-name") out += f.help;
    }
    return out;
  };
  EXPECT_EQ(with("vists_1h"), "did you mean visits_1h?");
  EXPECT_EQ(with("visits1h"), "did you mean visits_1h?");
  EXPECT_EQ(with("visits_2h"), "");
  EXPECT_EQ(with("visitors_1h"), "");
  EXPECT_FALSE(look_alike("cpc_1h", "cpm_1h"));
  EXPECT_FALSE(look_alike("cost", "cast"));
  EXPECT_TRUE(look_alike("spend_usd", "spedn_usd"));
}

TEST(Lint, says_what_it_could_not_decide_when_asked) {
  LintSettings settings;
  settings.undecided = true;
  const Linted linted = lint_yaml(
      document("p", "  guards: [{name: g, deny: \"segment.geo.matches('^F')\"}]\n"), {}, settings);
  ASSERT_EQ(linted.findings.size(), 1u);
  EXPECT_EQ(linted.findings[0].severity, Severity::note);
  EXPECT_EQ(linted.findings[0].message, "lint does not look into segment.geo.matches('^F')");
}

// --- silences

std::string reported(const std::string& yaml) {
  Diagnostics diagnostics;
  const Project project;
  const std::vector<Document> documents = load_text("p.yaml", yaml, project, diagnostics);
  const PolicySet set = policies_of(documents);
  LintSettings settings;
  settings.now = *parse_rfc3339(kNow);
  report_findings(set, documents, lint(set.policies, project, settings).findings, {}, diagnostics);
  std::string out;
  for (const Diagnostic& d : diagnostics.all())
    out += place(diagnostics.sources(), d.span) + " " + d.code +
           (d.severity == Severity::error ? "!" : "") + "\n";
  return out;
}

std::string silenced(const std::string& entry) {
  return "apiVersion: autopilot/v1\nkind: Policy\nmetadata:\n  id: p\n  silence: [" + entry +
         "]\nspec:\n  limits: [{name: stop, max: 0, per: 1h}]\n";
}

TEST(Silence, answers_a_warning_with_a_reason) {
  EXPECT_EQ(reported(silenced("")), "p.yaml:7:30 blocking-limit\n");
  EXPECT_EQ(reported(silenced("{code: blocking-limit, reason: a freeze}")), "");
  EXPECT_EQ(reported(silenced("{code: blocking-limit, rule: stop, reason: a freeze}")), "");
}

TEST(Silence, needs_a_reason_and_a_known_code) {
  EXPECT_EQ(reported(silenced("{code: blocking-limit}")), "p.yaml:5:13 missing-field!\n");
  EXPECT_EQ(reported(silenced("{code: blocking-limit, reason: ' '}")),
            "p.yaml:5:44 wrong-value!\n");
  EXPECT_EQ(reported(silenced("{code: blocking-limits, reason: x}")), "p.yaml:5:20 wrong-value!\n");
  EXPECT_EQ(reported(silenced("{code: yaml-syntax, reason: x}")), "p.yaml:5:20 wrong-value!\n");
}

TEST(Silence, that_silences_nothing_is_a_warning) {
  EXPECT_EQ(reported(silenced("{code: blocking-limit, rule: other, reason: x}")),
            "p.yaml:5:13 useless-silence\np.yaml:7:30 blocking-limit\n");
  EXPECT_EQ(
      reported(silenced("{code: blocking-limit, reason: x}, {code: expired-policy, reason: x}")),
      "p.yaml:5:48 useless-silence\n");
}

TEST(Silence, is_about_warnings_of_reading_too) {
  const std::string idle =
      "apiVersion: autopilot/v1\nkind: Policy\nmetadata: {id: p, silence: [{code: no-rules, "
      "reason: later}]}\nspec: {}\n";
  EXPECT_EQ(reported(idle), "");
  const std::string head =
      "apiVersion: autopilot/v1\nkind: Policy\nmetadata: {id: p, silence: [{code: "
      "unknown-action-type, rule: ";
  const std::string tail =
      ", reason: soon}]}\nspec:\n  guards:\n    - {name: a, for: x.y, deny: risk > 1}\n    - "
      "{name: b, for: z.y, deny: risk > 2}\n";
  EXPECT_EQ(reported(head + "a" + tail), "p.yaml:7:22 unknown-action-type\n");
}

TEST(Silence, is_no_part_of_what_is_applied) {
  Diagnostics diagnostics;
  const auto load = [&](const std::string& yaml) {
    return load_text("p.yaml", yaml, {}, diagnostics).at(0);
  };
  const Document without = load(silenced("")),
                 with = load(silenced("{code: blocking-limit, reason: a freeze}"));
  EXPECT_EQ(with.hash, without.hash);
  EXPECT_EQ(with.content.get("metadata")->get("silence"), nullptr);
  const Value back = with_silences(with);
  EXPECT_EQ(back.get("metadata")->get("silence")->as_list().at(0).get("reason")->as_string(),
            "a freeze");
}

TEST(Silence, of_an_older_form_is_kept_when_it_is_converted) {
  Diagnostics diagnostics;
  const Document d =
      load_text("p.yaml",
                "apiVersion: smartlinks/v1\nkind: RCPPolicy\nmetadata: {id: p, silence: [{code: "
                "blocking-limit, "
                "reason: x}]}\nspec: {id: p, name: P, scope: global, mode: enforce, "
                "authority_required: admin, "
                "hard_guards: {actions_per_tick: 0}, rollout_percent: 1.0, enabled: true}\n",
                {}, diagnostics)
          .at(0);
  EXPECT_EQ(d.silences.size(), 1u);
  EXPECT_EQ(d.content.get("metadata")->get("silence"), nullptr);
}

}  // namespace
}  // namespace autopilot::policy
