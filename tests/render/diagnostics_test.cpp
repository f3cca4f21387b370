#include "core/render/diagnostics.h"

#include <gtest/gtest.h>

#include "core/base/json.h"

namespace autopilot::render {
namespace {

constexpr TextStyle kPlain{.width = 60, .color = false, .unicode = true};

// a, "bad" and b, the letters `times` times.
std::string long_line(std::size_t times) {
  std::string out;
  out.append(times, 'a').append("bad").append(times, 'b');
  return out;
}

// One error over the bytes of `part` in `text`.
struct Marked {
  Diagnostics diagnostics;

  explicit Marked(const std::string& text, const std::string& part,
                  const std::string& name = "a.yaml") {
    const std::uint32_t source = diagnostics.sources().add(name, text);
    const auto at = static_cast<std::uint32_t>(text.find(part));
    diagnostics.error("wrong-value", {source, at, at + static_cast<std::uint32_t>(part.size())},
                      "bad thing");
  }
  std::string text() const { return diagnostics_text(diagnostics, kPlain); }
};

TEST(diagnostics_text, the_caret_stands_below_the_part) {
  EXPECT_EQ(Marked("one: 1\ntwo: bad\n", "bad").text(),
            "a.yaml:2:6: error[wrong-value]: bad thing\n"
            " 2 | two: bad\n"
            "   |      ^^^\n");
}

TEST(diagnostics_text, tabs_and_wide_characters_keep_the_caret_right) {
  EXPECT_EQ(Marked("\tk: bad", "bad").text(),
            "a.yaml:1:5: error[wrong-value]: bad thing\n 1 |   k: bad\n   |      ^^^\n");
  EXPECT_EQ(Marked("日本: bad", "bad").text(),
            "a.yaml:1:5: error[wrong-value]: bad thing\n 1 | 日本: bad\n   |       ^^^\n");
  EXPECT_EQ(Marked("k: 日本 x", "日本").text(),
            "a.yaml:1:4: error[wrong-value]: bad thing\n 1 | k: 日本 x\n   |    ^^^^\n");
}

TEST(diagnostics_text, control_characters_and_bad_bytes_are_shown_not_sent) {
  const std::string text = Marked("a\x1b[31m\xFF bad", "bad").text();
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_NE(text.find("\\x1b[31m\\xff bad"), std::string::npos) << text;
}

TEST(diagnostics_text, long_lines_are_cut_around_the_part) {
  const std::string text = Marked(long_line(300), "bad").text();
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1) {
    lines.push_back(text.substr(at, text.find('\n', at) - at));
  }
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_LE(lines[1].size(), 60u + 4);  // two marks of omission have three bytes each
  EXPECT_NE(lines[1].find("…a"), std::string::npos);
  EXPECT_NE(lines[1].find("bad"), std::string::npos);
  EXPECT_EQ(lines[2].find("^^^"), lines[1].find("bad") - 2);  // the mark of omission is one column
}

TEST(diagnostics_text, a_line_of_a_megabyte_is_no_trouble) {
  const std::string text = Marked(long_line(1'000'000), "bad").text();
  EXPECT_LT(text.size(), 300u);
}

TEST(diagnostics_text, a_part_of_no_length_still_has_a_caret) {
  Diagnostics diagnostics;
  const std::uint32_t source = diagnostics.sources().add("a", "k: [1\n");
  diagnostics.error("x", {source, 5, 5}, "m");
  diagnostics.error("x", {source, 3, 3}, "m");
  EXPECT_EQ(
      diagnostics_text(diagnostics, kPlain),
      "a:1:6: error[x]: m\n 1 | k: [1\n   |      ^\na:1:4: error[x]: m\n 1 | k: [1\n   |    ^\n");
}

TEST(diagnostics_text, help_and_related_places_follow) {
  Marked marked("a: 1\na: 2\n", "2");
  Diagnostics& d = marked.diagnostics;
  d.warning("y", {}, "nowhere").help = "do it";
  const std::string text = diagnostics_text(d, kPlain);
  EXPECT_NE(text.find("warning[y]: nowhere\n  help: do it\n"), std::string::npos) << text;
}

TEST(diagnostics_text, what_was_dropped_is_counted) {
  Diagnostics diagnostics;
  for (int i = 0; i < 1'005; ++i) diagnostics.error("x", {}, "m");
  EXPECT_NE(diagnostics_text(diagnostics, kPlain).find("… and 5 more\n"), std::string::npos);
}

TEST(diagnostics_text, the_summary_counts) {
  Diagnostics diagnostics;
  EXPECT_EQ(diagnostics_summary(diagnostics), "no errors");
  diagnostics.error("x", {}, "m");
  EXPECT_EQ(diagnostics_summary(diagnostics), "1 error");
  diagnostics.warning("x", {}, "m");
  diagnostics.warning("x", {}, "m");
  EXPECT_EQ(diagnostics_summary(diagnostics), "1 error, 2 warnings");
}

Value sarif(const Diagnostics& diagnostics) {
  return parse_json_or_throw(diagnostics_sarif(diagnostics, "1.2.3"), "sarif");
}

TEST(diagnostics_sarif, results_point_to_rules_and_regions) {
  Marked marked("one: 1\ntwo: bad\n", "bad", "dir/a b.yaml");
  marked.diagnostics.warning("no-documents", {}, "nothing");
  const Value log = sarif(marked.diagnostics);
  EXPECT_EQ(log.get("version")->as_string(), "2.1.0");
  const Value& run = log.get("runs")->as_list().at(0);
  const List& rules = run.get("tool")->get("driver")->get("rules")->as_list();
  ASSERT_EQ(rules.size(), 2u);
  const List& results = run.get("results")->as_list();
  ASSERT_EQ(results.size(), 2u);
  EXPECT_EQ(rules.at(static_cast<std::size_t>(results[0].get("ruleIndex")->as_int()))
                .get("id")
                ->as_string(),
            results[0].get("ruleId")->as_string());
  const Value& place = *results[0].get("locations")->as_list().at(0).get("physicalLocation");
  EXPECT_EQ(place.get("artifactLocation")->get("uri")->as_string(), "dir/a%20b.yaml");
  EXPECT_EQ(
      to_json(*place.get("region")),
      R"({"startLine":2,"startColumn":6,"endLine":2,"endColumn":9,"snippet":{"text":"bad"}})");
  EXPECT_EQ(results[1].get("locations"), nullptr);
  EXPECT_EQ(results[1].get("level")->as_string(), "warning");
}

TEST(diagnostics_sarif, an_empty_part_has_no_snippet_and_lines_start_at_one) {
  Diagnostics diagnostics;
  const std::uint32_t source = diagnostics.sources().add("a", "");
  diagnostics.error("x", {source, 0, 0}, "m");
  const std::string text = diagnostics_sarif(diagnostics, "1");
  EXPECT_EQ(text.find("snippet"), std::string::npos);
  EXPECT_NE(text.find("\"startLine\": 1"), std::string::npos);
}

TEST(diagnostics_github, each_annotation_names_file_and_line) {
  Marked marked("k: bad", "bad", "a,b:c.yaml");
  marked.diagnostics.error("x", {}, "50% of\nit").help = "help";
  EXPECT_EQ(diagnostics_github(marked.diagnostics),
            "::error file=a%2Cb%3Ac.yaml,line=1,endLine=1,col=4,endColumn=7,title=wrong-value::bad "
            "thing\n"
            "::error title=x::50%25 of%0Ait%0Ahelp: help\n");
}

TEST(diagnostics_junit, files_with_errors_fail_and_the_others_pass) {
  Marked marked("k: <bad>", "<bad>", "a.yaml");
  marked.diagnostics.sources().add("b.yaml", "");
  marked.diagnostics.warning("w", {}, "odd \x01 & end");
  EXPECT_EQ(diagnostics_junit(marked.diagnostics),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<testsuites tests=\"3\" failures=\"1\" errors=\"0\">\n"
            "  <testsuite name=\"autopilot validate\" tests=\"3\" failures=\"1\" errors=\"0\">\n"
            "    <testcase classname=\"autopilot.validate\" name=\"a.yaml\">\n"
            "      <failure type=\"wrong-value\" message=\"bad thing\">error[wrong-value]: "
            "a.yaml:1:4: bad thing&#10;</failure>\n"
            "    </testcase>\n"
            "    <testcase classname=\"autopilot.validate\" name=\"b.yaml\"/>\n"
            "    <testcase classname=\"autopilot.validate\" name=\"input\">\n"
            "      <system-out>warning[w]: odd ? &amp; end&#10;</system-out>\n"
            "    </testcase>\n"
            "  </testsuite>\n"
            "</testsuites>\n");
}

TEST(diagnostics_values, places_are_null_when_unknown) {
  Diagnostics diagnostics;
  diagnostics.error("x", {}, "m");
  EXPECT_EQ(
      to_json(diagnostics_values(diagnostics)),
      R"([{"severity":"error","code":"x","message":"m","help":null,"document":null,"place":null,"snippet":null,"related":[]}])");
}

}  // namespace
}  // namespace autopilot::render
