// `approvals:` of autopilot.yaml: what it means, and faults with their places.
#include "core/policy/approvals.h"

#include <gtest/gtest.h>

#include <fstream>
#include <memory>

#include "core/base/json.h"
#include "core/policy/loader.h"
#include "core/policy/schema_json.h"
#include "tests/fakes.h"

namespace autopilot::policy {
namespace {

struct Read {
  Project project;
  Diagnostics diagnostics;
};

// `text` stands below `approvals:`, indented by two.
std::unique_ptr<Read> read(const std::string& text) {
  autopilot::testing::FakeFiles files;
  files.texts["autopilot.yaml"] = "approvals:\n" + text;
  auto out = std::make_unique<Read>();
  out->project = load_project("autopilot.yaml", files, out->diagnostics);
  return out;
}

std::string fault(const std::string& text) {
  const auto found = read(text);
  if (found->diagnostics.all().size() != 1) {
    return std::to_string(found->diagnostics.all().size()) + " faults";
  }
  const Diagnostic& d = found->diagnostics.all()[0];
  const std::string where = place(found->diagnostics.sources(), d.span);
  return where.substr(where.find(':') + 1) + " " + d.code + ": " + d.message +
         (d.help.empty() ? "" : " (" + d.help + ")");
}

TEST(approvals, settings_are_read_with_their_defaults) {
  const auto found = read(
      "  plans: {when: risk > 0.5 || loosens > 0 || protected}\n"
      "  rules:\n"
      "    - {when: risk >= 1.0, approvals: 2, role: admin, expires: 2h}\n"
      "    - {role: dg_ai}\n"
      "  require_signatures: true\n"
      "  allowed_signers: .autopilot-signers\n");
  ASSERT_TRUE(found->diagnostics.ok());
  const ApprovalSettings& s = found->project.approvals.value();
  EXPECT_EQ(s.plans->source, "risk > 0.5 || loosens > 0 || protected");
  ASSERT_EQ(s.rules.size(), 2u);
  EXPECT_EQ(s.rules[0].approvals, 2);
  EXPECT_EQ(s.rules[0].role, Role::admin);
  EXPECT_EQ(s.rules[0].expires, Duration::seconds(7200));
  EXPECT_FALSE(s.rules[1].when.has_value());
  EXPECT_EQ(s.rules[1].approvals, 1);
  EXPECT_EQ(s.expires, Duration::seconds(86400));
  EXPECT_TRUE(s.require_signatures);
  EXPECT_EQ(s.allowed_signers, ".autopilot-signers");
}

TEST(approvals, they_are_part_of_the_project_document_so_that_those_in_force_count) {
  const auto found = read("  plans: {when: \"true\"}\n");
  ASSERT_TRUE(found->project.document.has_value());
  const Project again = project_from(*found->project.document);
  EXPECT_EQ(again.approvals->plans->source, "true");
  EXPECT_FALSE(Project().approvals.has_value());
}

TEST(approvals, every_fact_has_a_default_and_can_be_named) {
  std::string all = "true";
  const Map defaults = default_approval_facts();
  for (const ApprovalFact& fact : approval_facts()) {
    EXPECT_TRUE(defaults.contains(fact.name)) << fact.name;
    all += " || " + std::string(fact.name) + " == " + std::string(fact.name);
  }
  EXPECT_TRUE(read("  plans: {when: \"" + all + "\"}\n")->diagnostics.ok());
}

TEST(approvals, the_schema_and_the_docs_name_every_fact) {
  const std::string schema = to_json(json_schema_of_project());
  std::ifstream file("docs/approvals.md");
  const std::string docs{std::istreambuf_iterator<char>(file), {}};
  for (const ApprovalFact& fact : approval_facts()) {
    EXPECT_NE(schema.find(std::string(fact.name)), std::string::npos) << fact.name;
    EXPECT_NE(docs.find("`" + std::string(fact.name) + "`"), std::string::npos) << fact.name;
  }
}

TEST(approvals, faults_stand_where_they_are_written) {
  const std::pair<const char*, const char*> cases[] = {
      {"  plans: {when: rsk > 0.5}\n", "2:17 bad-expression: "},
      {"  plans: {when: risk}\n", "2:17 bad-expression: the expression gives double"},
      {"  plans: {when: metrics.cvr > 1}\n", "2:17 bad-expression: "},
      {"  plans: {}\n", "2:10 missing-field: "},
      {"  plan: {when: risk > 1}\n", "2:3 unknown-field: "},
      {"  rules: [{when: loosens > 0, role: root}]\n", "2:37 wrong-value: "},
      {"  rules: [{approvals: 0}]\n", "2:23 "},
      {"  rules: [{expires: 0s}]\n", "2:21 "},
      {"  rules: [{role: admin}, {when: large}]\n", "2:26 unreachable-rule: "},
      {"  require_signatures: true\n", "2:23 missing-field: require_signatures needs"},
      {"  allowed_signers: ../signers\n", "2:20 wrong-value: ../signers is not in the project"},
      {"  allowed_signers: /etc/signers\n", "2:20 wrong-value: "},
      {"  expires: 24\n", "2:12 "},
      {"  [1]\n", "2:3 "},
  };
  for (const auto& [text, expected] : cases) {
    const std::string found = fault(text);
    EXPECT_EQ(found.substr(0, std::string_view(expected).size()), expected) << text << found;
  }
}

TEST(approvals, a_misspelt_fact_is_told_the_right_one) {
  EXPECT_NE(fault("  plans: {when: loosen > 0}\n").find("loosens"), std::string::npos);
  EXPECT_NE(fault("  plans: {when: protect}\n").find("protected"), std::string::npos);
}

TEST(approvals, odd_values_are_no_crash) {
  for (const char* text :
       {"  3\n", "  null\n", "  rules: 3\n", "  rules: [3, null, [], {}]\n", "  plans: [x]\n",
        "  plans: {when: [1]}\n", "  allowed_signers: {a: 1}\n", "  require_signatures: maybe\n",
        "  rules: [{when: }]\n"}) {
    read(text);
  }
}

}  // namespace
}  // namespace autopilot::policy
