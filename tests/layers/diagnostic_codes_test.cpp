// Every code that the sources report is in the table, and the table and docs/diagnostics.md say the
// same.
#include "core/base/diagnostic_codes.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

namespace {

std::string contents(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::set<std::string> reported_codes() {
  static const std::regex kReport(
      R"((?:error|warning|note|stop|fault)\(\s*"([a-z]+(?:-[a-z]+)*)\")");
  std::set<std::string> codes{"bad-encoding",
                              "bad-character"};  // named in a table of core/base/yaml_scan.cpp
  for (const char* folder : {"core/base", "core/policy", "core/decide", "core/trial", "core/deploy",
                             "core/evaluate", "commands"}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
      if (entry.path().extension() != ".cpp") continue;
      const std::string text = contents(entry.path());
      for (std::sregex_iterator at(text.begin(), text.end(), kReport), end; at != end; ++at)
        codes.insert((*at)[1]);
    }
  }
  return codes;
}

TEST(DiagnosticCodes, each_code_that_is_reported_is_in_the_table) {
  const std::set<std::string> codes = reported_codes();
  EXPECT_GT(codes.size(), 25u);
  for (const std::string& code : codes)
    EXPECT_NE(autopilot::find_diagnostic_code(code), nullptr) << code;
}

TEST(DiagnosticCodes, each_code_in_the_table_is_reported_somewhere) {
  const std::set<std::string> codes = reported_codes();
  for (const auto& known : autopilot::diagnostic_codes()) {
    EXPECT_TRUE(codes.contains(std::string(known.code))) << known.code;
  }
}

TEST(DiagnosticCodes, the_table_is_sorted) {
  for (const auto& known : autopilot::diagnostic_codes()) {
    EXPECT_EQ(autopilot::find_diagnostic_code(known.code), &known) << known.code;
  }
}

TEST(DiagnosticCodes, the_page_says_what_the_table_says) {
  const std::string page = contents("docs/diagnostics.md");
  std::string expected = page.substr(
      0, page.find("\n## " + std::string(autopilot::diagnostic_codes().front().code)) + 1);
  for (const auto& known : autopilot::diagnostic_codes()) {
    expected += "## " + std::string(known.code) + "\n\n" + std::string(known.meaning) + ".\n" +
                std::string(known.cure) + ".\n\n";
  }
  expected.pop_back();
  EXPECT_EQ(page, expected);
}

}  // namespace
