// A secret occurs nowhere: not in the state, its WAL, plans, exports, pages, logs or errors.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/base/base64.h"
#include "core/base/text.h"
#include "tests/integration/project.h"

namespace autopilot::integration {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kFromEnvironment[] = "env-Hunter2/one";
constexpr char kFromFile[] = "file-Hunter2+two";
constexpr char kFromProgram[] = "exec-Hunter2=three";

class SecretsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    project_.write(
        "policies/p.yaml",
        policy("p",
               "  description: \"uses ${env:A_TOKEN}, ${file:keys/f} and ${exec:sh -c 'cat "
               "keys/e'}\"\n"
               "  guards: [{name: g, deny: action.data.amount > 5}]\n"));
    project_.write("keys/f", std::string(kFromFile) + "\n");
    project_.write("keys/e", std::string(kFromProgram) + "\n");
    ::chmod(project_.path("keys").c_str(), 0700);
    for (const char* key : {"keys/f", "keys/e"}) ::chmod(project_.path(key).c_str(), 0600);
    ::chmod(project_.path("").c_str(), 0700);
  }

  Ended run_with_secrets(const std::vector<std::string>& words, const std::string& input = {}) {
    Command command = project_.command(words, input);
    command.environment = {{"A_TOKEN", kFromEnvironment}};
    Ended ended = integration::run(command);
    said_ += ended.out + ended.err;
    return ended;
  }

  // Every byte that any command wrote, but for the keys themselves.
  std::string everything() const {
    std::string all = said_;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(project_.path(""))) {
      if (!entry.is_regular_file() || entry.path().string().find("/keys/") != std::string::npos)
        continue;
      std::ifstream file(entry.path(), std::ios::binary);
      std::stringstream bytes;
      bytes << file.rdbuf();
      all += bytes.str();
    }
    return all;
  }

  Project project_;
  std::string said_;
};

TEST_F(SecretsTest, no_value_is_in_anything_that_commands_write) {
  const std::string action =
      R"({"type":"budget.shift","algorithm":"a","data":{"amount":9,"old_amount":8}})"
      "\n";
  const std::vector<std::vector<std::string>> commands = {
      {"validate"},
      {"validate", "--json", "-v"},
      {"secrets", "list"},
      {"secrets", "check", "-v", "--log-format", "json"},
      {"secrets", "check", "--json"},
      {"plan", "-o", "a.plan", "-v"},
      {"plan", "--json"},
      {"plan", "--format", "markdown"},
      {"apply", "a.plan"},
      {"decide"},
      {"decide", "--format", "text"},
      {"show", "latest"},
      {"show", "latest", "--format", "html"},
      {"graph", "latest", "--format", "html"},
      {"log", "--json"},
      {"diff", "HEAD~1", "HEAD", "--json"},
      {"export", "-o", "out"},
      {"export"},
      {"audit", "list", "--json"},
      {"state", "info"},
      {"replay", "--all"},
  };
  for (const auto& words : commands) {
    const Ended ended = run_with_secrets(words, words[0] == "decide" ? action : "");
    EXPECT_EQ(ended.exit, 0) << ::testing::PrintToString(words) << describe(ended);
  }
  const std::string all = everything();
  EXPECT_GT(all.size(), 100'000u) << "the state is among it";
  EXPECT_THAT(all, HasSubstr("${env:A_TOKEN}"));
  for (const std::string value : {kFromEnvironment, kFromFile, kFromProgram}) {
    EXPECT_EQ(all.find(value), std::string::npos) << value;
    EXPECT_EQ(all.find(value.substr(0, 12)), std::string::npos) << value;
    EXPECT_EQ(all.find(to_base64(value).substr(0, 16)), std::string::npos) << value;
  }
}

TEST_F(SecretsTest, another_value_changes_neither_digest_nor_revision) {
  const Ended one = run_with_secrets({"plan", "-o", "-"});
  project_.write("keys/f", "rotated\n");
  ::chmod(project_.path("keys/f").c_str(), 0600);
  EXPECT_EQ(run_with_secrets({"plan", "-o", "-"}).out, one.out);
}

TEST_F(SecretsTest, check_says_of_each_what_is_wrong) {
  ::chmod(project_.path("keys/f").c_str(), 0640);
  std::filesystem::remove(project_.path("keys/e"));
  const Ended ended = project_.run({"secrets", "check", "--json"});
  EXPECT_EQ(ended.exit, 1) << describe(ended);
  EXPECT_THAT(ended.out, HasSubstr("the environment variable is not set"));
  EXPECT_THAT(ended.out, HasSubstr("open to a group"));
  EXPECT_THAT(ended.out, HasSubstr("its program ended with exit code 1"));
}

TEST_F(SecretsTest, a_literal_secret_is_not_shown_by_the_warning_about_it) {
  project_.write(
      "tests/t.yaml",
      "apiVersion: autopilot/v1\nkind: PolicyTest\nmetadata: {id: t}\nspec: {cases: [{name: "
      "x, action: {type: budget.shift, data: {api_key: Hunter2-literal}}, expect: {result: "
      "allowed}}]}\n");
  const Ended ended = project_.run({"validate", "tests"});
  EXPECT_EQ(ended.exit, 0) << describe(ended);
  EXPECT_THAT(ended.err, HasSubstr("plain-secret"));
  EXPECT_THAT(ended.out + ended.err, Not(HasSubstr("Hunter2")));
  for (const char* format : {"json", "sarif", "github", "junit"}) {
    const Ended other = project_.run({"validate", "tests", "--format", format});
    EXPECT_THAT(other.out + other.err, Not(HasSubstr("Hunter2"))) << format;
  }
}

}  // namespace
}  // namespace autopilot::integration
