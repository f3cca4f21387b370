// Access, PolicyTest and autopilot.yaml.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/base/error.h"
#include "core/base/json.h"
#include "tests/fakes.h"
#include "tests/policy/reading.h"

namespace autopilot::policy {
namespace {

using testing::load;
using testing::Loaded;
using Faults = std::vector<std::string>;

Faults access_faults(const std::string& spec) {
  return load("apiVersion: autopilot/v1\nkind: Access\nmetadata: {id: a}\nspec: {" + spec + "}\n")
      .faults();
}

TEST(access, each_actor_has_one_role) {
  EXPECT_EQ(
      access_faults(
          "roles: {dg_ai: [ceo], admin: [ann, bob], operator: [ci], viewer: []}, default: viewer"),
      Faults{});
  EXPECT_EQ(access_faults("roles: {dg_ai: [ceo], admin: [ceo]}"), Faults{"duplicate-actor@4:38"});
  EXPECT_EQ(access_faults("roles: {dg_ai: ceo}"), Faults{"wrong-type@4:23"});
  EXPECT_EQ(access_faults("roles: {dg_ai: [1]}"), Faults{"wrong-type@4:24"});
  EXPECT_EQ(access_faults("roles: {root: [ceo]}"), Faults{"unknown-field@4:16"});
  EXPECT_EQ(access_faults("roles: {dg_ai: [ceo]}, default: admin"), Faults{"wrong-value@4:40"});
  EXPECT_EQ(access_faults("default: none"), Faults{"missing-field@4:7"});
}

TEST(access, nobody_at_all_is_a_fault) {
  EXPECT_EQ(access_faults("roles: {}"), Faults{"missing-field@4:15"});
  EXPECT_EQ(access_faults("roles: {viewer: []}"), Faults{"missing-field@4:15"});
}

Faults identity_faults(const std::string& identities) {
  return access_faults("roles: {admin: [a, b]}, identities: {" + identities + "}");
}
constexpr char kKey[] = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

TEST(access, actors_may_be_known_by_users_variables_and_keys) {
  EXPECT_EQ(access_faults("roles: {dg_ai: [a], operator: [bot]}, impersonate: [a, '*'],\n"
                          "  identities: {a: {user: [al, ali], key: '" +
                          std::string(kKey) + "'}, bot: {env: CI, value: x, user: runner}}"),
            Faults{});
  EXPECT_EQ(identity_faults("a: {users: x}"), Faults{"unknown-field@4:49"});
  EXPECT_EQ(identity_faults("a: x"), Faults{"wrong-type@4:48"});
  EXPECT_EQ(identity_faults("a: {}"), Faults{"missing-field@4:48"});
  EXPECT_EQ(identity_faults("a: {user: []}"), Faults{"wrong-value@4:55"});
  EXPECT_EQ(access_faults("roles: {dg_ai: [a]}, impersonate: a"), Faults{"wrong-type@4:42"});
}

TEST(access, a_variable_says_nothing_without_its_value) {
  EXPECT_EQ(identity_faults("a: {env: CI}"), Faults{"missing-field@4:54"});
  EXPECT_EQ(identity_faults("a: {env: CI, value: ''}"), Faults{"missing-field@4:65"});
  EXPECT_EQ(identity_faults("a: {value: x}"), Faults{"missing-field@4:56"});
  EXPECT_EQ(identity_faults("a: {env: $CI, value: x}"), Faults{"wrong-value@4:54"});
  EXPECT_EQ(identity_faults("a: {env: 'A B', value: x}"), Faults{"wrong-value@4:54"});
}

TEST(access, a_key_is_named_by_its_fingerprint) {
  for (const char* bad : {"MD5:aa:bb", "SHA256:short", "ssh-ed25519 AAAA",
                          "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA*"}) {
    EXPECT_EQ(identity_faults(fmt::format("a: {{key: '{}'}}", bad)), Faults{"bad-fingerprint@4:54"})
        << bad;
  }
}

TEST(access, an_identity_belongs_to_one_actor) {
  const std::string key = fmt::format("key: '{}'", kKey);
  EXPECT_EQ(identity_faults("a: {user: x}, b: {user: x}"), Faults{"duplicate-identity@4:69"});
  EXPECT_EQ(identity_faults("a: {user: [x, x]}"), Faults{"duplicate-identity@4:59"});
  EXPECT_EQ(identity_faults("a: {env: E, value: 1}"), Faults{"wrong-type@4:64"});
  EXPECT_EQ(identity_faults("a: {env: E, value: v}, b: {env: E, value: v}"),
            Faults{"duplicate-identity@4:77"});
  EXPECT_EQ(identity_faults("a: {" + key + "}, b: {" + key + "}").size(), 1u);
  EXPECT_EQ(identity_faults("a: {env: E, value: v}, b: {env: E, value: w}"), Faults{});
  EXPECT_EQ(identity_faults("a: {env: E, value: v, user: x}, b: {env: E, value: v}"), Faults{});
}

TEST(access, an_actor_that_is_known_but_may_nothing_is_warned_of) {
  EXPECT_EQ(identity_faults("c: {user: x}"), Faults{"actor-without-role@4:45"});
  EXPECT_EQ(access_faults("roles: {admin: [a]}, default: viewer, identities: {c: {user: x}}"),
            Faults{});
}

Loaded policy_test(const std::string& spec) {
  return load("apiVersion: autopilot/v1\nkind: PolicyTest\nmetadata: {id: t}\nspec:\n" + spec);
}

TEST(policy_test_kind, a_whole_case_loads) {
  const Loaded loaded = policy_test(R"(  policies: [traffic-safety]
  cases:
    - name: a large step is cut
      action: {type: route.update_weight, algorithm: a, data: {weight: 0.9, old_weight: 0.2}, risk: 0.1}
      context: {metrics: {cvr_1h: 0.03}, segment: {geo: FR}, features: {}, actor: me, role: operator}
      ledger: [{policy: traffic-safety, limit: hourly, key: a, used: 99}]
      time: 2026-11-20T10:00:00Z
      expect:
        result: modified
        action: {type: route.update_weight}
        data: {weight: 0.35}
        reasons: [{policy: traffic-safety, rule: step, effect: modify}]
)");
  EXPECT_EQ(loaded.faults(), Faults{});
  EXPECT_EQ(loaded.documents.size(), 1u);
}

TEST(policy_test_kind, faults_have_their_places) {
  const std::string action = "action: {type: x}, expect: {result: allowed}";
  EXPECT_EQ(policy_test("  cases: []").faults(), Faults{"wrong-value@5:10"});
  EXPECT_EQ(policy_test("  {}").faults(), Faults{"missing-field@5:3"});
  EXPECT_EQ(policy_test("  cases: [{" + action + "}]").faults(), Faults{"missing-field@5:11"});
  EXPECT_EQ(policy_test("  cases: [{name: a, " + action + "}, {name: a, " + action + "}]").faults(),
            Faults{"duplicate-name@5:75"});
  EXPECT_EQ(policy_test("  cases: [{name: a, action: {type: x}, expect: {result: ok}}]").faults(),
            Faults{"wrong-value@5:57"});
  EXPECT_EQ(
      policy_test("  cases: [{name: a, action: {typ: x, type: x}, expect: {result: allowed}}]")
          .faults(),
      Faults{"unknown-field@5:30"});
  EXPECT_EQ(policy_test("  cases: [{name: a, time: now, " + action + "}]").faults(),
            Faults{"wrong-type@5:27"});
}

TEST(policy_test_kind, a_case_needs_a_type_and_an_expectation_of_its_own_or_by_default) {
  EXPECT_EQ(policy_test("  cases: [{name: a, expect: {result: allowed}}]").faults(),
            Faults{"missing-field@5:11"});
  EXPECT_EQ(policy_test("  cases: [{name: a, action: {type: x}}]").faults(),
            Faults{"missing-field@5:11"});
  EXPECT_EQ(policy_test("  defaults: {action: {type: x}, expect: {result: allowed}}\n"
                        "  cases: [{name: a}]")
                .faults(),
            Faults{});
}

TEST(policy_test_kind, columns_and_rows_are_checked_where_they_stand) {
  const auto table = [](const std::string& columns, const std::string& row) {
    return policy_test("  defaults: {action: {type: x}}\n  tables:\n    - columns: [" + columns +
                       "]\n      rows:\n        - [" + row + "]\n")
        .faults();
  };
  EXPECT_EQ(table("data.a, expect.result", "1, allowed"), Faults{});
  EXPECT_EQ(table("dat.a, expect.result", "1, allowed"), Faults{"wrong-value@7:17"});
  EXPECT_EQ(table("data.a, expect.result", "1"), Faults{"wrong-value@9:11"});
  EXPECT_EQ(table("data.a, expect.result", "1, fine"), Faults{"wrong-value@9:15"});
  EXPECT_EQ(table("time, expect.result", "now, allowed"), Faults{"wrong-type@9:12"});
  EXPECT_EQ(table("data.a, data.a, expect.result", "1, 2, allowed"),
            Faults{"conflicting-fields@7:25"});
  EXPECT_EQ(table("data.a, data.a.b, expect.result", "1, 2, allowed"),
            Faults{"conflicting-fields@7:25"});
  EXPECT_EQ(table("expect.reason, expect.result", "p/r block, allowed"), Faults{});
  EXPECT_EQ(table("expect.reason", "p/r explode"), Faults{"wrong-value@9:12"});
  EXPECT_EQ(table("used.p, expect.result", "1, allowed"), Faults{"missing-field@9:12"});
  EXPECT_EQ(table("data.a", "1"), Faults{"missing-field@9:11"});
  EXPECT_EQ(table("expect.result.deep", "1"), Faults{"wrong-type@9:12"});
}

TEST(policy_test_kind, rows_with_the_name_of_a_case_are_faults) {
  EXPECT_EQ(policy_test("  defaults: {action: {type: x}, expect: {result: allowed}}\n"
                        "  cases: [{name: table row 2}]\n"
                        "  tables: [{columns: [data.a], rows: [[1], [2]]}]\n")
                .faults(),
            Faults{"duplicate-name@7:44"});
}

struct ProjectRead {
  Project project;
  Faults faults;
};

ProjectRead project(const std::string& text) {
  autopilot::testing::FakeFiles files;
  files.texts["autopilot.yaml"] = text;
  Loaded loaded;
  ProjectRead out;
  out.project = load_project("autopilot.yaml", files, loaded.diagnostics);
  out.faults = loaded.faults();
  return out;
}

TEST(project, nothing_written_gives_the_defaults) {
  autopilot::testing::FakeFiles files;
  Diagnostics diagnostics;
  for (const Project& p : {load_project("autopilot.yaml", files, diagnostics), project("").project,
                           project("# x\n").project}) {
    EXPECT_EQ(p.paths, std::vector<std::string>{"policies"});
    EXPECT_EQ(p.max_change_share, 0.3);
    EXPECT_EQ(p.min_documents, 10);
    EXPECT_FALSE(p.document.has_value());
    EXPECT_FALSE(p.metrics.has_value());
  }
  EXPECT_TRUE(diagnostics.ok());
}

TEST(project, every_field_is_read) {
  const ProjectRead read = project(R"(paths: [policies, tests]
action_types: {email.send: {risk: "0.5"}, sms.send: }
risk: {budget.shift: action.data.budget / 1000.0}
metrics: {cvr_1h: double}
features: {tier: string}
segment: {geo: string}
data: {budget: double, flags: list}
plan: {max_change_share: 50%, min_documents: 5}
)");
  EXPECT_EQ(read.faults, Faults{});
  const Project& p = read.project;
  EXPECT_EQ(p.paths, (std::vector<std::string>{"policies", "tests"}));
  ASSERT_EQ(p.action_types.size(), 3u);
  EXPECT_EQ(p.action_types[0].risk->source, "0.5");
  EXPECT_FALSE(p.action_types[1].risk.has_value());
  EXPECT_EQ(p.action_types[2].name, "budget.shift");
  EXPECT_EQ(p.metrics->at(0).type, "double");
  EXPECT_EQ(p.max_change_share, 0.5);
  EXPECT_EQ(p.min_documents, 5);
  ASSERT_TRUE(p.document.has_value());
  EXPECT_EQ(p.document->kind, "Project");
  EXPECT_EQ(p.document->content.get("spec")->get("plan"), nullptr);
}

TEST(project, what_decisions_depend_on_comes_back_from_the_document) {
  const Project p =
      project("action_types: [a.b]\nmetrics: {x: int}\nrisk: {a.b: \"1.0\"}\npaths: [x]\n").project;
  const Project back = project_from(*p.document);
  EXPECT_EQ(back.action_types.at(0).name, "a.b");
  EXPECT_EQ(back.action_types.at(0).risk->source, "1.0");
  EXPECT_EQ(back.metrics->at(0).name, "x");
  EXPECT_EQ(back.paths, std::vector<std::string>{"policies"});
  EXPECT_EQ(back.document->hash, p.document->hash);
}

TEST(project, paths_and_plan_alone_make_no_document) {
  EXPECT_FALSE(project("paths: [x]\nplan: {min_documents: 3}\n").project.document.has_value());
}

TEST(project, faults_have_their_places) {
  const std::pair<const char*, Faults> cases[] = {
      {"path: [x]\n", {"unknown-field@1:1"}},
      {"paths: {a: b}\n", {"wrong-type@1:8"}},
      {"metrics: {x: number}\n", {"wrong-value@1:14"}},
      {"metrics: [x]\n", {"wrong-type@1:10"}},
      {"action_types: 5\n", {"wrong-type@1:15"}},
      {"action_types: [1]\n", {"wrong-type@1:16"}},
      {"action_types: {a: {rsk: \"1\"}}\n", {"unknown-field@1:20"}},
      {"action_types: {a: {risk: metrics.}}\n", {"bad-expression@1:34"}},
      {"risk: {a: \"'x'\"}\n", {"bad-expression@1:12"}},
      {"risk: {a: risk}\n", {"bad-expression@1:11"}},
      {"plan: {max_change_share: 30}\n", {"wrong-type@1:26"}},
      {"plan: {min_documents: -1}\n", {"wrong-value@1:23"}},
      {"a: 1\n---\nb: 2\n", {"unknown-field@1:1", "wrong-value@3:1"}},
      {"[x]\n", {"wrong-type@1:1"}},
  };
  for (const auto& [text, faults] : cases) EXPECT_EQ(project(text).faults, faults) << text;
}

TEST(project, a_document_that_is_none_is_refused) {
  EXPECT_THROW(project_from(Document{"Project", "autopilot", Value(), "", false, "", {}}), Error);
}

}  // namespace
}  // namespace autopilot::policy
