#include "core/policy/loader.h"
#include "core/state/compare.h"
#include "core/state/export.h"
#include "core/state/plan_lines.h"
#include "core/state/plan_report.h"
#include "tests/state/fixture.h"

namespace autopilot::state {
namespace {

using testing::policies;

policy::Document load(const std::string& spec) {
  std::string yaml = "apiVersion: autopilot/v1\nkind: Policy\nmetadata: {id: x}\nspec:\n";
  for (const std::string& line : {spec}) yaml += line;
  Diagnostics diagnostics;
  std::vector<policy::Document> found = policy::load_text("x.yaml", yaml, {}, diagnostics);
  EXPECT_TRUE(diagnostics.ok()) << diagnostics.all()[0].message << " in\n" << yaml;
  return found.at(0);
}

Plan change(const std::string& before, const std::string& after) {
  return compare_sets({load(before)}, {load(after)});
}

std::string text_of(const render::Line& line) {
  std::string text;
  for (const render::Run& run : line.runs) text += run.text;
  return text + "\n";
}

std::string text_of(const Plan& plan) {
  std::string text;
  for (const Change& c : plan.changes) {
    text += text_of(headline(c));
    for (const render::Line& line : detail_lines(c)) text += text_of(line);
  }
  return text;
}

constexpr const char* kBefore = R"(  mode: monitor
  description: a
  guards:
    - {name: floor, deny: metrics.cvr < 0.02}
    - {name: two-man, approve: risk > 0.15}
  limits:
    - {name: hourly, max: 100, per: 1h}
)";

TEST(PlanLines, show_fields_in_place_and_hide_the_rest) {
  const std::string after = R"(  mode: enforce
  description: a
  guards:
    - {name: floor, deny: metrics.cvr < 0.02}
  limits:
    - {name: hourly, max: 200, per: 1h}
)";
  EXPECT_EQ(
      text_of(change(kBefore, after)),
      "  ~ Policy/x\n"
      "    ~ spec:\n"
      "        ~ guards:\n"
      "            - two-man:   # loosens: guard removed\n"
      "                - approve: risk > 0.15\n"
      "              (1 unchanged hidden)\n"
      "        ~ limits:\n"
      "            ~ hourly:\n"
      "                ~ max: 100 -> 200   # loosens: limit raised from 100 to 200\n"
      "                  (2 unchanged hidden)\n"
      "        ~ mode: monitor -> enforce   # tightens: starts to enforce what it only watched\n"
      "          (1 unchanged hidden)\n"
      "      (3 unchanged hidden)\n");
}

TEST(PlanLines, a_long_value_gets_lines_of_its_own) {
  const std::string head = "  guards:\n    - {name: g, deny: \"";
  const std::string one =
      "metrics.a < 1 && metrics.b < 1 && metrics.c < 1 && metrics.d < 1 && metrics.e < 1";
  const std::string text =
      text_of(change(head + one + "\"}\n", head + one + " && metrics.f < 1\"}\n"));
  EXPECT_NE(text.find("~ g:   # review: condition changed"), std::string::npos) << text;
  EXPECT_NE(text.find("- " + one + "\n"), std::string::npos) << text;
  EXPECT_NE(text.find("+ " + one + " && metrics.f < 1\n"), std::string::npos) << text;
}

TEST(Hints, say_what_a_change_means) {
  struct Case {
    const char* before;
    const char* after;
    const char* expected;  // "effect path"
  };
  const Case cases[] = {
      {"  mode: enforce\n", "  mode: monitor\n", "loosens spec.mode"},
      {"  description: x\n", "  mode: monitor\n", "loosens spec.mode"},
      {"  enabled: true\n", "  enabled: false\n", "loosens spec.enabled"},
      {"  enabled: false\n", "  enabled: true\n", "tightens spec.enabled"},
      {"  on_error: block\n", "  on_error: skip\n", "loosens spec.on_error"},
      {"  authority: admin\n", "  authority: operator\n", "loosens spec.authority"},
      {"  authority: admin\n", "  authority: dg_ai\n", "tightens spec.authority"},
      {"  rollout: 100%\n", "  rollout: 50%\n", "loosens spec.rollout"},
      {"  rollout: 10%\n", "  rollout: 20%\n", "tightens spec.rollout"},
      {"  rollout: 10%\n", "  rollback: {when: policy.errors > 3, for: 1h}\n",
       "tightens spec.rollout, review spec.rollback"},
      {"  rollback: {when: policy.errors > 3, for: 1h}\n", "  priority: 1\n",
       "review spec.rollback"},
      {"  rollback: {when: policy.errors > 3, for: 1h}\n",
       "  rollback: {when: policy.errors > 5, for: 2h, min_decisions: 9}\n",
       "review spec.rollback.when, review spec.rollback.for, review spec.rollback.min_decisions"},
      {"  priority: 1\n", "  expires: 2030-01-01T00:00:00Z\n", "loosens spec.expires"},
      {"  limits: [{name: l, max: 2, per: 1h}]\n", "  limits: [{name: l, max: 1, per: 1h}]\n",
       "tightens spec.limits[l].max"},
      {"  limits: [{name: l, max: 2, per: 2h}]\n", "  limits: [{name: l, max: 2, per: 1h}]\n",
       "loosens spec.limits[l].per"},
      {"  limits: [{max: 1, per: 1h}]\n", "  limits: [{max: 2, per: 1h}]\n",
       "loosens spec.limits[0].max"},
      {"  limits: [{name: l, max: 2, per: 1h}]\n", "  priority: 1\n", "loosens spec.limits[l]"},
      {"  priority: 1\n", "  guards: [{name: g, deny: \"true\"}]\n", "tightens spec.guards[g]"},
      {"  guards: [{name: g, deny: \"true\"}]\n", "  guards: [{name: g, warn: \"true\"}]\n",
       "loosens spec.guards[g]"},
      {"  guards: [{name: g, approve: \"true\", approvals: 2}]\n",
       "  guards: [{name: g, approve: \"true\"}]\n", "loosens spec.guards[g].approvals"},
      {"  mutations: [{name: m, field: w, clamp: [0, 1]}]\n",
       "  mutations: [{name: m, field: w, clamp: [0, 2]}]\n", "loosens spec.mutations[m].clamp"},
      {"  mutations: [{name: m, field: w, clamp: [0, 1]}]\n",
       "  mutations: [{name: m, field: w, clamp: [1, 2]}]\n", "review spec.mutations[m].clamp"},
      {"  description: a\n", "  description: b\n", ""},
  };
  for (const Case& c : cases) {
    std::string found;
    const Plan plan = change(c.before, c.after);
    for (const Hint& h : plan.changes.at(0).hints) {
      found += fmt::format("{}{} {}", found.empty() ? "" : ", ", to_string(h.effect), h.path);
    }
    EXPECT_EQ(found, c.expected) << c.before << c.after;
  }
}

TEST(Hints, every_hint_is_shown_even_when_its_field_has_no_line) {
  const Plan p =
      change("  enabled: true\n  limits: [{name: l, max: 2, per: 1h}]\n", "  enabled: false\n");
  const std::string text = text_of(p);
  for (const Hint& h : p.changes.at(0).hints)
    EXPECT_NE(text.find(h.message), std::string::npos) << text;
}

TEST(PlanReport, counts_and_lists_and_never_says_null_for_a_list) {
  const Plan p = compare_sets(policies(2), {policies(1)[0], testing::policy("z", R"({"v":1})")});
  const render::Report report = describe(p, true);
  EXPECT_EQ(report.schema, "autopilot.plan/v1");
  EXPECT_EQ(to_json(*report.data.find("summary")),
            R"({"create":1,"update":0,"delete":1,"unchanged":1})");
  for (const Value& c : report.data.find("changes")->as_list()) {
    EXPECT_TRUE(c.get("fields")->is_list());
    EXPECT_TRUE(c.get("hints")->is_list());
  }
  EXPECT_TRUE(report.data.find("kept")->is_list());
}

TEST(PlanReport, an_empty_plan_says_so) {
  const render::Report report = describe(Plan{}, false);
  EXPECT_EQ(text_of(std::get<render::Lines>(report.text.back()).lines[0]), "No changes.\n");
  EXPECT_EQ(to_json(*report.data.find("changes")), "[]");
}

TEST(PlanMarkdown, stays_within_its_bytes_and_keeps_totals_and_both_ends) {
  const Plan p = compare_sets({}, policies(200, R"({"description":"some words"})"));
  const std::string whole = plan_markdown(p, false, 0);
  EXPECT_EQ(plan_markdown(p, false, whole.size()), whole);
  for (const std::size_t limit : {500u, 2000u, 10000u}) {
    const std::string cut = plan_markdown(p, false, limit);
    EXPECT_LE(cut.size(), limit);
    EXPECT_NE(cut.find("Plan: 200 to create, 0 to update, 0 to delete."), std::string::npos);
    EXPECT_NE(cut.find("left out"), std::string::npos);
    EXPECT_NE(cut.find(p.digest), std::string::npos);
  }
  const std::string cut = plan_markdown(p, true, 2000);
  EXPECT_NE(cut.find("p00000"), std::string::npos);
  EXPECT_NE(cut.find("p00199"), std::string::npos);
}

TEST(PlanMarkdown, a_value_cannot_end_the_block_that_it_stands_in) {
  const Plan p = compare_sets({}, {testing::policy("a", R"({"description":"````\n````"})")});
  EXPECT_NE(plan_markdown(p, false, 0).find("`````diff"), std::string::npos);
}

class ExportTest : public testing::StateTest {};

TEST_F(ExportTest, what_is_exported_plans_to_no_changes) {
  std::vector<policy::Document> desired;
  int n = 0;
  for (const char* spec :
       {kBefore, "  description: \"a: b # c\"\n", "  description: |\n    two\n    lines\n",
        "  limits: [{max: 1.50, per: 1h}, {sum: risk, max: 1e3, per: run}]\n",
        "  selector: {geo: [FR, \"no\"], code: [\"01\", 2]}\n  scope: segment\n"}) {
    policy::Document d = load(spec);
    d.id = fmt::format("x{}", n++);
    d.content.as_map().find("metadata")->as_map()["id"] = d.id;
    d.hash = to_hex(sha256(to_canonical_json(d.content)));
    desired.push_back(d);
  }
  put(desired);
  std::vector<policy::Document> again;
  for (const ExportedFile& file : export_files(store->documents())) {
    Diagnostics diagnostics;
    for (policy::Document& d : policy::load_text(file.name, file.text, {}, diagnostics))
      again.push_back(std::move(d));
    EXPECT_TRUE(diagnostics.ok()) << file.text;
  }
  const Plan p = plan(again);
  EXPECT_TRUE(p.empty()) << text_of(p);
}

}  // namespace
}  // namespace autopilot::state
