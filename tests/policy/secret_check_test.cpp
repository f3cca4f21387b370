#include "core/policy/secret_check.h"

#include <gtest/gtest.h>

#include "tests/fakes.h"
#include "tests/policy/reading.h"

namespace autopilot::policy {
namespace {

using testing::load;
using testing::load_policy;
using testing::Loaded;
using Faults = std::vector<std::string>;

Loaded with_description(const std::string& text) {
  return load("apiVersion: autopilot/v1\nkind: Policy\nmetadata: {id: p}\nspec:\n  description: " +
              text + "\n  guards: [{name: g, deny: \"true\"}]\n");
}

TEST(SecretCheck, sound_references_are_part_of_the_document_as_they_stand) {
  const Loaded loaded = with_description("for ${env:A} and ${file:/k} and $${x:y}");
  EXPECT_EQ(loaded.faults(), Faults{});
  EXPECT_EQ(loaded.documents.at(0).content.get("spec")->get("description")->as_string(),
            "for ${env:A} and ${file:/k} and $${x:y}");
}

TEST(SecretCheck, faults_point_into_the_text) {
  EXPECT_EQ(with_description("a ${evn:A}").faults(), Faults{"bad-secret@5:18"});
  EXPECT_EQ(with_description("\"\\t${env:A\"").faults(), Faults{"bad-secret@5:19"});
  EXPECT_EQ(with_description("|\n    x\n    ${file:../y}").faults(), Faults{"bad-secret@7:5"});
  EXPECT_EQ(with_description("a ${evn:A}").help(), "did you mean env?");
  EXPECT_EQ(with_description("${a:} ${b:}").faults(),
            (Faults{"bad-secret@5:16", "bad-secret@5:22"}));
}

TEST(SecretCheck, place_holders_of_messages_are_no_references) {
  EXPECT_EQ(load_policy(
                "  guards: [{name: g, deny: \"true\", message: \"costs ${action.data.amount}\"}]\n")
                .faults(),
            Faults{});
}

TEST(SecretCheck, autopilot_yaml_is_checked_too_but_its_declarations_are_no_secrets) {
  autopilot::testing::FakeFiles files;
  files.texts["autopilot.yaml"] = "data: {token: string}\nmetrics: {password: double}\n";
  Diagnostics fine;
  load_project("autopilot.yaml", files, fine);
  EXPECT_TRUE(fine.all().empty());
  files.texts["autopilot.yaml"] = "paths: [\"${env:A\"]\n";
  Diagnostics bad;
  load_project("autopilot.yaml", files, bad);
  ASSERT_EQ(bad.all().size(), 1u);
  EXPECT_EQ(bad.all()[0].code, "bad-secret");
}

Loaded with_data(const std::string& data, const std::string& metadata = "id: t") {
  return load("apiVersion: autopilot/v1\nkind: PolicyTest\nmetadata: {" + metadata +
              "}\nspec: {cases: [{name: x, action: {type: route.pause, data: {" + data +
              "}}, expect: {result: allowed}}]}\n");
}

TEST(SecretCheck, a_secret_that_is_written_out_is_warned_of_and_not_told) {
  for (const char* name : {"password", "token", "secret", "api_key", "apiKey", "slack-token",
                           "DB_PASSWORD", "client_secret", "private_key"}) {
    const Loaded loaded = with_data(std::string(name) + ": hunter2");
    ASSERT_EQ(loaded.faults().size(), 1u) << name;
    EXPECT_EQ(loaded.diagnostics.all()[0].code, "plain-secret");
    EXPECT_EQ(loaded.message().find("hunter2"), std::string::npos);
    EXPECT_TRUE(loaded.diagnostics.ok()) << "a warning";
  }
}

TEST(SecretCheck, references_and_empty_texts_and_other_names_are_none) {
  for (const char* data : {"token: '${env:T}'", "token: 'Bearer ${env:T}'", "token: ''",
                           "token:", "tokens: 5", "secretary: ann", "token_count: many"}) {
    EXPECT_EQ(with_data(data).faults(), Faults{}) << data;
  }
}

TEST(SecretCheck, values_computed_or_compared_with_are_no_secrets) {
  EXPECT_EQ(load_policy("  mutations: [{name: m, set: {token: action.data.x}}]\n").faults(),
            Faults{});
  EXPECT_EQ(load_policy("  scope: segment\n  selector: {token: [a, b]}\n  guards: [{name: g, deny: "
                        "\"true\"}]\n")
                .faults(),
            Faults{});
}

TEST(SecretCheck, the_warning_can_be_silenced) {
  EXPECT_EQ(with_data("token: x", "id: t, silence: [{code: plain-secret, reason: made up}]")
                .documents.at(0)
                .silences.size(),
            1u);
}

TEST(SecretCheck, uses_have_paths_and_places) {
  Diagnostics diagnostics;
  YamlBudget budget;
  const std::uint32_t source = diagnostics.sources().add(
      "p.yaml", "a: {b: [x, \"${env:A} ${file:k}\"]}\nc: \"${exec:p q}\"\n");
  const auto documents = parse_yaml(source, budget, diagnostics);
  std::string all;
  for (const SecretUse& use : secret_uses(documents.at(0).root, diagnostics.sources()))
    all +=
        use.path + " " + place(diagnostics.sources(), use.span) + " " + use.reference.text() + "\n";
  EXPECT_EQ(
      all, "a.b[1] p.yaml:1:13 ${env:A}\na.b[1] p.yaml:1:22 ${file:k}\nc p.yaml:2:5 ${exec:p q}\n");
}

}  // namespace
}  // namespace autopilot::policy
