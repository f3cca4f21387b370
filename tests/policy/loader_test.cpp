#include "core/policy/loader.h"

#include <gtest/gtest.h>

#include "core/base/error.h"
#include "core/base/text.h"
#include "tests/fakes.h"
#include "tests/policy/reading.h"

namespace autopilot::policy {
namespace {

constexpr const char* kWhole = R"yaml(apiVersion: autopilot/v1
kind: Policy
metadata: {id: traffic-safety, labels: {team: growth}}
spec:
  description: no large or fast traffic moves
  scope: algorithm
  algorithm: traffic_optimizer
  mode: enforce
  authority: admin
  enabled: true
  priority: 100
  rollout: 100%
  rollout_key: action.target
  active: {cron: "* 9-17 * * 1-5", timezone: Europe/Paris}
  expires: 2027-01-01T00:00:00Z
  on_error: block
  gates:
    - {name: enough-traffic, when: metrics.visits_1h >= 500}
  mutations:
    - {name: clamp, for: route.update_weight, field: weight, clamp: [0.01, 0.8]}
    - {name: step, for: route.update_weight, field: weight, max_delta: 0.15, from: old_weight}
    - {name: slow-start, for: route.update_weight, when: metrics.cvr_1h < 0.04, set: {weight: "math.least(action.data.weight, 0.5)"}}
  guards:
    - {name: cvr-floor, deny: metrics.cvr_1h < 0.02, message: "CVR {metrics.cvr_1h} is below 0.02"}
    - {name: fields, require: [target, weight, old_weight], for: route.update_weight}
    - {name: two-man, approve: risk > 0.15, approvals: 1}
    - {name: explain, warn: "!has(action.data.explain)"}
  limits:
    - {name: hourly, max: 100, per: 1h, key: action.algorithm}
    - {name: pauses, for: destination.pause, max: 2, per: 1d, key: action.algorithm}
    - {name: risk, sum: risk, max: 1.0, per: run}
)yaml";

TEST(loader, long_values_are_quoted_up_to_a_whole_character) {
  for (std::size_t lead = 0; lead < 4; ++lead) {
    std::string value(lead, 'x');
    for (int i = 0; i < 30; ++i) value += "€";
    Diagnostics diagnostics;
    load_text("p.yaml",
              "apiVersion: autopilot/v1\nkind: Policy\nmetadata: {id: p}\nspec: {enabled: " +
                  value + ", guards: [{deny: \"true\"}]}\n",
              {}, diagnostics);
    ASSERT_EQ(diagnostics.all().size(), 1u);
    const std::string& message = diagnostics.all()[0].message;
    EXPECT_EQ(find_invalid_utf8(message), std::string_view::npos) << message;
    EXPECT_NE(message.find("€…"), std::string::npos) << message;
  }
}

TEST(loader, the_example_of_the_design_loads_without_a_word) {
  Diagnostics diagnostics;
  const auto documents = load_text("p.yaml", kWhole, {}, diagnostics);
  for (const Diagnostic& d : diagnostics.all()) ADD_FAILURE() << d.message;
  ASSERT_EQ(documents.size(), 1u);
  const Policy policy = policy_from(documents[0]);
  EXPECT_EQ(policy.id, "traffic-safety");
  EXPECT_EQ(policy.scope, Scope::algorithm);
  EXPECT_EQ(policy.algorithms, std::vector<std::string>{"traffic_optimizer"});
  EXPECT_EQ(policy.cron, "* 9-17 * * 1-5");
  EXPECT_EQ(policy.timezone, "Europe/Paris");
  ASSERT_EQ(policy.mutations.size(), 3u);
  EXPECT_EQ(policy.mutations[0].low, 0.01);
  EXPECT_EQ(policy.mutations[1].from, "old_weight");
  EXPECT_EQ(policy.mutations[2].set[0].value.source, "math.least(action.data.weight, 0.5)");
  ASSERT_EQ(policy.guards.size(), 4u);
  EXPECT_EQ(policy.guards[1].require, (std::vector<std::string>{"target", "weight", "old_weight"}));
  EXPECT_EQ(policy.guards[3].condition.source, "!has(action.data.explain)");
  ASSERT_EQ(policy.limits.size(), 3u);
  EXPECT_EQ(policy.limits[0].per, Duration::seconds(3600));
  EXPECT_FALSE(policy.limits[2].per.has_value());
}

using testing::load;
using Faults = std::vector<std::string>;

TEST(loader, what_surrounds_a_document_is_checked) {
  const std::string head = "apiVersion: autopilot/v1\nkind: Access\n";
  const std::string rest = "metadata: {id: a}\nspec: {roles: {dg_ai: [me]}}\n";
  EXPECT_EQ(load(head + rest).faults(), Faults{});
  EXPECT_EQ(load("kind: Access\n" + rest).faults(), Faults{"missing-field@1:1"});
  EXPECT_EQ(load("apiVersion: v1\nkind: Access\n" + rest).faults(), Faults{"wrong-version@1:13"});
  EXPECT_EQ(load("apiVersion: autopilot/v1\n" + rest).faults(), Faults{"missing-field@1:1"});
  EXPECT_EQ(load("apiVersion: autopilot/v1\nkind: Acess\n" + rest).faults(),
            Faults{"unknown-kind@2:7"});
  EXPECT_EQ(load("apiVersion: autopilot/v1\nkind: [a]\n" + rest).faults(),
            Faults{"unknown-kind@2:7"});
  EXPECT_EQ(load(head + rest + "extra: 1\n").faults(), Faults{"unknown-field@5:1"});
  EXPECT_EQ(load(head + "metadata: {id: a}\n").faults(), Faults{"missing-field@1:1"});
  EXPECT_EQ(load(head + "spec: {roles: {dg_ai: [me]}}\n").faults(), Faults{"missing-field@1:1"});
  EXPECT_EQ(load("- a\n").faults(), Faults{"wrong-type@1:1"});
  EXPECT_EQ(load("just text\n").faults(), Faults{"wrong-type@1:1"});
}

TEST(loader, ids_have_a_form) {
  const auto with = [](const std::string& id) {
    return load("apiVersion: autopilot/v1\nkind: Access\nmetadata: {id: " + id +
                "}\nspec: {roles: {dg_ai: [me]}}\n")
        .faults();
  };
  for (const char* id : {"a", "0", "a.b-c_d", "traffic-safety"})
    EXPECT_EQ(with(id), id[0] == '0' ? Faults{"wrong-type@3:16"} : Faults{}) << id;
  EXPECT_EQ(with(std::string(63, 'a')), Faults{});
  for (const std::string id : {"A", "-a", ".a", "a b", "a/b", "\"\"", "é"})
    EXPECT_EQ(with(id), Faults{"bad-id@3:16"}) << id;
  EXPECT_EQ(with(std::string(64, 'a')), Faults{"bad-id@3:16"});
  EXPECT_EQ(with("[a]"), Faults{"wrong-type@3:16"});
}

TEST(loader, labels_and_protect_are_typed) {
  const auto with = [](const std::string& metadata) {
    return load("apiVersion: autopilot/v1\nkind: Access\nmetadata: {id: a, " + metadata +
                "}\nspec: {roles: {dg_ai: [me]}}\n");
  };
  EXPECT_EQ(with("labels: {a: b}, protect: true").faults(), Faults{});
  EXPECT_TRUE(with("protect: true").documents.at(0).protect);
  EXPECT_FALSE(with("protect: false").documents.at(0).protect);
  EXPECT_EQ(with("labels: {a: 1}").faults(), Faults{"wrong-type@3:31"});
  EXPECT_EQ(with("labels: [a]").faults(), Faults{"wrong-type@3:27"});
  EXPECT_EQ(with("protect: 1").faults(), Faults{"wrong-type@3:28"});
  EXPECT_EQ(with("lables: {a: b}").faults(), Faults{"unknown-field@3:19"});
}

constexpr const char* kAccess =
    "apiVersion: autopilot/v1\nkind: Access\nmetadata: {id: a}\nspec: {roles: {dg_ai: [me]}}\n";

TEST(loader, two_documents_of_one_name_are_both_left_out) {
  const auto loaded = load(std::string(kAccess) + "---\n" + kAccess);
  EXPECT_EQ(loaded.faults(), Faults{"duplicate-document@8:16"});
  EXPECT_EQ(place(loaded.diagnostics.sources(), loaded.diagnostics.all()[0].related.at(0).span),
            "p.yaml:3:16");
  EXPECT_TRUE(loaded.documents.empty());
}

TEST(loader, faulty_documents_are_left_out_and_the_others_kept) {
  const auto loaded =
      load("apiVersion: autopilot/v1\nkind: Policy\nmetadata: {id: p}\nspec: {guards: 1}\n---\n" +
           std::string(kAccess));
  EXPECT_FALSE(loaded.diagnostics.ok());
  EXPECT_EQ(loaded.diagnostics.all()[0].document, "Policy/p");
  ASSERT_EQ(loaded.documents.size(), 1u);
  EXPECT_EQ(loaded.documents[0].kind, "Access");
}

TEST(loader, neither_order_of_keys_nor_comments_nor_spelling_change_the_hash) {
  const auto a = load(
      "apiVersion: autopilot/v1\nkind: Policy\nmetadata: {id: p}\nspec:\n  priority: 5\n  limits: "
      "[{max: 1.0, per: run}]\n");
  const auto b = load(
      "# comment\nkind: \"Policy\"\nspec:\n  limits:\n    - per: run\n      max: 1\n  priority: "
      "0x5\nmetadata:\n  id: p\napiVersion: autopilot/v1\n");
  ASSERT_EQ(a.documents.size(), 1u);
  ASSERT_EQ(b.documents.size(), 1u);
  EXPECT_EQ(a.documents[0].hash, b.documents[0].hash);
  EXPECT_EQ(a.documents[0].hash.size(), 64u);
}

autopilot::testing::FakeFiles project_files() {
  autopilot::testing::FakeFiles files;
  files.texts["policies/b.yaml"] = kAccess;
  files.texts["policies/x.yaml/inner.yml"] =
      "apiVersion: autopilot/v1\nkind: Policy\nmetadata: {id: p}\nspec: {guards: [{deny: true}]}\n";
  files.texts["policies/.hidden.yaml"] = "broken: [";
  files.texts["policies/.git/x.yaml"] = "broken: [";
  files.texts["policies/readme.md"] = "broken: [";
  return files;
}

TEST(loader, folders_are_searched_whatever_they_are_called) {
  auto files = project_files();
  Diagnostics diagnostics;
  const LoadResult result = load_paths({"policies"}, {}, files, diagnostics);
  EXPECT_TRUE(diagnostics.ok());
  EXPECT_EQ(result.files, 2u);
  ASSERT_EQ(result.documents.size(), 2u);
  EXPECT_EQ(result.documents[1].file, "policies/x.yaml/inner.yml");
}

TEST(loader, a_file_named_twice_is_read_once) {
  auto files = project_files();
  Diagnostics diagnostics;
  const LoadResult result =
      load_paths({"policies", "policies/b.yaml", "./policies/b.yaml"}, {}, files, diagnostics);
  EXPECT_TRUE(diagnostics.ok());
  EXPECT_EQ(result.files, 2u);
}

TEST(loader, what_cannot_be_read_is_told_and_the_rest_goes_on) {
  auto files = project_files();
  files.broken = {"policies/b.yaml", "policies/x.yaml"};
  files.texts["policies/c.yaml"] = kAccess;
  Diagnostics diagnostics;
  const LoadResult result = load_paths({"policies", "nowhere.yaml"}, {}, files, diagnostics);
  EXPECT_EQ(result.unreadable, 3u);
  EXPECT_EQ(diagnostics.errors(), 3u);
  EXPECT_EQ(diagnostics.all()[0].code, "unreadable");
  ASSERT_EQ(result.documents.size(), 1u);
  EXPECT_EQ(result.documents[0].file, "policies/c.yaml");
}

TEST(loader, a_dash_is_standard_input_in_pieces) {
  autopilot::testing::FakeFiles files;
  const std::string text = kAccess;
  files.input = {text.substr(0, 10), text.substr(10)};
  Diagnostics diagnostics;
  const LoadResult result = load_paths({"-"}, {}, files, diagnostics);
  ASSERT_EQ(result.documents.size(), 1u);
  EXPECT_EQ(result.documents[0].file, "<stdin>");
}

}  // namespace
}  // namespace autopilot::policy
