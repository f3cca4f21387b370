#include "core/base/yaml.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/base/json.h"
#include "tests/base/yaml_read.h"

namespace autopilot {
namespace {

using testing::faults;
using testing::Read;
using testing::read;
using testing::value_of;

TEST(yaml, plain_scalars_follow_the_core_schema_of_yaml_1_2) {
  const std::pair<const char*, const char*> cases[] = {
      {"null", "null"},
      {"Null", "null"},
      {"NULL", "null"},
      {"~", "null"},
      {"", "null"},
      {"nULL", "\"nULL\""},
      {"true", "true"},
      {"True", "true"},
      {"TRUE", "true"},
      {"tRUE", "\"tRUE\""},
      {"false", "false"},
      {"False", "false"},
      {"FALSE", "false"},
      {"no", "\"no\""},
      {"yes", "\"yes\""},
      {"on", "\"on\""},
      {"off", "\"off\""},
      {"y", "\"y\""},
      {"0", "0"},
      {"-0", "0"},
      {"+12", "12"},
      {"-12", "-12"},
      {"007", "7"},
      {"0o17", "15"},
      {"0x1F", "31"},
      {"0x", "\"0x\""},
      {"0o8", "\"0o8\""},
      {"0b1", "\"0b1\""},
      {"1_000", "\"1_000\""},
      {"12:30:45", "\"12:30:45\""},
      {"2026-01-01", "\"2026-01-01\""},
      {"9223372036854775807", "9223372036854775807"},
      {"-9223372036854775808", "-9223372036854775808"},
      {"18446744073709551615", "18446744073709551615"},
      {"18446744073709551616", "18446744073709551616"},
      {"1.50", "1.50"},
      {"1e3", "1e3"},
      {"1E+3", "1E+3"},
      {".5", "0.5"},
      {"5.", "5"},
      {"+1.5", "1.5"},
      {"-.5", "-0.5"},
      {"1e", "\"1e\""},
      {".", "\".\""},
      {"+", "\"+\""},
      {"1.2.3", "\"1.2.3\""},
      {"1e-999", "1e-999"},
      {"0.0", "0.0"},
      {"\"5\"", "\"5\""},
      {"'true'", "\"true\""},
      {"\"\"", "\"\""},
      {"!!str 5", "\"5\""},
      {"! 5", "\"5\""},
      {"!!int 5", "5"},
      {"10%", "\"10%\""},
      {"5m", "\"5m\""}};
  for (const auto& [text, json] : cases) {
    const Value value = value_of(std::string("k: ") + text + "\n");
    ASSERT_TRUE(value.is_map()) << text;
    EXPECT_EQ(to_json(*value.get("k")), json) << text;
  }
}

TEST(yaml, numbers_that_json_lacks_are_faults) {
  for (const char* text : {".inf", "-.Inf", ".NaN", "1e999", "-1e999"}) {
    Read r = read(std::string("k: ") + text);
    to_value(r.documents.at(0).root, r.diagnostics);
    EXPECT_EQ(faults(r), std::vector<std::string>{"number-range at 1:4"}) << text;
  }
}

TEST(yaml, a_float_that_overflows_is_told_from_one_that_underflows) {
  YamlNode node;
  node.kind = YamlNode::Kind::scalar;
  node.plain = true;
  const std::pair<std::string, double> cases[] = {{"1e400", HUGE_VAL},
                                                  {"-1e400", -HUGE_VAL},
                                                  {"1e-400", 0.0},
                                                  {"0.1e-400", 0.0},
                                                  {std::string(400, '9'), HUGE_VAL},
                                                  {"0." + std::string(400, '0') + "1", 0.0}};
  for (const auto& [text, expected] : cases) {
    node.text = text;
    EXPECT_EQ(scalar_value(node).as_double(), expected) << text;
  }
}

TEST(yaml, spans_cover_what_was_written) {
  const std::string text = R"(a: &x foo
"b" : !!str 5
c:
  - 1
  -
  - k: v
    m:
d: {x: [1, 2], y: , z}  # end
e: |
  l1

  l2

f: multi
  line plain # c
g: ~
h: 'it''s'
i: "a\tb"
j: >2
    folded

    twice
k: []
)";
  const Read r = read(text);
  ASSERT_EQ(faults(r), std::vector<std::string>{});
  const YamlNode& root = r.documents.at(0).root;
  const auto at = [&](std::string_view key) { return r.text_of(root.find(key)->span); };
  EXPECT_EQ(at("a"), "foo");
  EXPECT_EQ(r.text_of(root.entry("b")->key_span), "\"b\"");
  EXPECT_EQ(at("b"), "5");
  EXPECT_EQ(at("c"), "- 1\n  -\n  - k: v\n    m");
  EXPECT_EQ(r.text_of(root.find("c")->items[2].span), "k: v\n    m");
  EXPECT_EQ(at("d"), "{x: [1, 2], y: , z}");
  EXPECT_EQ(r.text_of(root.find("d")->find("x")->span), "[1, 2]");
  EXPECT_EQ(at("e"), "|\n  l1\n\n  l2");
  EXPECT_EQ(at("f"), "multi\n  line plain");
  EXPECT_EQ(at("g"), "~");
  EXPECT_EQ(at("h"), "'it''s'");
  EXPECT_EQ(at("i"), "\"a\\tb\"");
  EXPECT_EQ(at("j"), ">2\n    folded\n\n    twice");
  EXPECT_EQ(at("k"), "[]");
  EXPECT_EQ(root.find("h")->text, "it's");
  EXPECT_TRUE(root.find("c")->items[1].is_null());
}

TEST(yaml, a_value_left_out_points_to_its_key) {
  const Read r = read("a:\nb: {c: , d: 1}\nnull: 3\n");
  const YamlNode& root = r.documents.at(0).root;
  EXPECT_EQ(r.text_of(root.find("a")->span), "a");
  EXPECT_EQ(r.text_of(root.find("b")->find("c")->span), "c");
  EXPECT_TRUE(root.find("a")->is_null());
  EXPECT_EQ(root.find("null")->text, "3");
}

TEST(yaml, places_inside_scalars_are_found_in_every_style) {
  struct Case {
    const char* yaml;
    const char* needle;    // in the decoded text
    const char* expected;  // in the source, at its place
  };
  const Case cases[] = {
      {"k: a && bad", "bad", "bad"},
      {"k: 'a == ''x'' && bad'", "bad", "bad"},
      {"k: \"a == \\\"x\\\" && bad\"", "bad", "bad"},
      {"k: \"\\u0061 \\x62 && b\\u0061d\"", "bad", "b\\u0061d"},
      {"k: |\n  first &&\n  bad\n", "bad", "bad"},
      {"k: |\n  first &&\n    deeper bad\n", "bad", "bad"},
      {"k: >-\n  first &&\n  bad\n", "bad", "bad"},
      {"k: >\n\n  first\n\n\n  bad &&\n", "bad", "bad"},
      {"k: first &&\n   bad || c", "bad", "bad"},
      {"k: \"first &&\n   bad\"", "bad", "bad"},
      {"k: \"first && \\\n   bad\"", "bad", "bad"},
      {"k: é && bad", "bad", "bad"},
      {"k: \"\\u00e9\\U0001F600 bad\"", "bad", "bad"},
  };
  for (const Case& c : cases) {
    const Read r = read(c.yaml);
    ASSERT_EQ(r.documents.size(), 1u) << c.yaml;
    const YamlNode& node = *r.documents[0].root.find("k");
    const std::size_t at = node.text.find(c.needle);
    ASSERT_NE(at, std::string::npos) << c.yaml << " is " << node.text;
    const Span span = yaml_span_within(node, r.diagnostics.sources().text(r.source), at,
                                       at + std::string_view(c.needle).size());
    EXPECT_EQ(r.text_of(span), c.expected) << c.yaml;
  }
}

TEST(yaml, every_byte_of_a_scalar_maps_into_its_span) {
  for (const char* yaml : {"k: \"a\\\n  b\\x41\\e\\_\"", "k: |+\n  x\n\n", "k: >\n  a\n   b\n  c\n",
                           "k: 'a\n\n  b'"}) {
    const Read r = read(yaml);
    ASSERT_EQ(r.documents.size(), 1u) << yaml;
    const YamlNode& node = *r.documents[0].root.find("k");
    for (std::size_t i = 0; i <= node.text.size(); ++i) {
      const Span span = yaml_span_within(node, r.diagnostics.sources().text(r.source), i, i + 1);
      EXPECT_GE(span.begin, node.span.begin) << yaml << i;
      EXPECT_LE(span.begin, node.span.end) << yaml << i;
    }
  }
}

TEST(yaml, duplicate_keys_name_both_places) {
  const Read r = read("a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\na: 4\n");
  ASSERT_EQ(faults(r), (std::vector<std::string>{"duplicate-key at 5:3", "duplicate-key at 6:1"}));
  EXPECT_EQ(place(r.diagnostics.sources(), r.diagnostics.all()[0].related.at(0).span),
            "f.yaml:3:3");
  EXPECT_FALSE(r.documents.at(0).sound);
  EXPECT_EQ(r.documents[0].root.find("a")->text, "1");
}

TEST(yaml, a_broken_document_does_not_hide_the_next) {
  const Read r = read("a: [1\n---\nb: 2\n---\nc: \"\n---\nd: 4\n");
  EXPECT_EQ(faults(r), (std::vector<std::string>{"yaml-syntax at 2:1", "unclosed-quote at 5:4"}));
  ASSERT_EQ(r.documents.size(), 2u);
  EXPECT_EQ(r.documents[0].root.find("b")->text, "2");
  EXPECT_EQ(r.documents[1].root.find("d")->text, "4");
}

TEST(yaml, a_byte_order_mark_is_no_part_of_the_text) {
  const Read r = read(
      "\xEF\xBB\xBF"
      "a: 1\nb: [x\n");
  EXPECT_EQ(faults(r), std::vector<std::string>{"yaml-syntax at 3:1"});
  EXPECT_EQ(value_of("\xEF\xBB\xBF"
                     "a: 1\n")
                .get("a")
                ->as_int(),
            1);
}

TEST(yaml, windows_line_ends_change_nothing) {
  const Value value = value_of("a: x\r\nb: |\r\n  l1\r\n  l2\r\nc: [1,\r\n 2]\r\n");
  EXPECT_EQ(value.get("a")->as_string(), "x");
  EXPECT_EQ(value.get("c")->as_list().size(), 2u);
}

TEST(yaml, a_quote_is_not_closed_by_the_next_document) {
  const Read r = read("\"open\n---\nk: \"closed\"\n");
  EXPECT_EQ(faults(r), std::vector<std::string>{"unclosed-quote at 1:1"});
  EXPECT_EQ(r.documents.size(), 1u);
}

TEST(yaml, escapes_for_single_characters_are_utf_8) {
  EXPECT_EQ(
      value_of(R"(k: "\N\_\L\P\xA0\u00a0\U0001F600\e\0")").get("k")->as_string(),
      std::string("\xC2\x85\xC2\xA0\xE2\x80\xA8\xE2\x80\xA9\xC2\xA0\xC2\xA0\xF0\x9F\x98\x80\x1B\0",
                  20));
}

TEST(yaml, aliases_are_copies) {
  EXPECT_EQ(to_json(value_of("a: &x {k: [1, 2]}\nb: *x\nc: [*x]\n")),
            R"({"a":{"k":[1,2]},"b":{"k":[1,2]},"c":[{"k":[1,2]}]})");
}

TEST(yaml, empty_documents_are_left_out) {
  EXPECT_EQ(read("").documents.size(), 0u);
  EXPECT_EQ(read("# nothing\n").documents.size(), 0u);
  EXPECT_EQ(read("---\n---\n# x\n---\na: 1\n...\n").documents.size(), 1u);
}

std::string nested(std::string_view open, std::size_t times, std::string_view core = "") {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out += open;
  return out + std::string(core);
}

std::string indented_maps(std::size_t depth) {
  std::string out;
  for (std::size_t i = 0; i < depth; ++i) out += std::string(i, ' ') + "a:\n";
  return out;
}

std::string alias_bomb() {
  std::string out = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 10; ++i) {
    out += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 9; ++j) out += (j > 0 ? ", *a" : "*a") + std::to_string(i - 1);
    out += "]\n";
  }
  return out;
}

TEST(yaml, hostile_text_is_one_clear_fault) {
  struct Case {
    const char* name;
    std::string text;
    std::string fault;
  };
  const Case cases[] = {
      {"100,000 open brackets", nested("[", 100'000), "too-deep at 1:1"},
      {"100,000 open braces", nested("{", 100'000), "too-deep at 1:1"},
      {"100,000 maps in braces", nested("{a: ", 100'000), "too-deep at 1:1"},
      {"balanced brackets", nested("[", 65) + std::string(65, ']'), "too-deep at 1:65"},
      {"100,000 lists in one line", nested("- ", 100'000, "x"), "too-deep at 1:129"},
      {"100,000 question marks", nested("? ", 100'000, "x"), "bad-key at 1:3"},
      {"1,300 maps by indentation", indented_maps(1'300), "too-deep at 65:65"},
      {"alias bomb", alias_bomb(), "too-large at 6:9"},
      {"alias of itself", "a: &a [*a]\n", "bad-alias at 1:8"},
      {"200 kB key", std::string(200'000, 'x') + ": 1\n", "bad-key at 1:200001"},
      {"200 kB key in quotes", "\"" + std::string(200'000, 'x') + "\": 1\n", "bad-key at 1:200003"},
      {"200 kB explicit key", "? " + std::string(200'000, 'x') + "\n: 1\n", "bad-key at 1:3"},
      {"list as a key", "{[a]: 1}", "bad-key at 1:2"},
      {"no key at all", ": 1\n", "bad-key at 1:1"},
      {"NUL byte", std::string("a: 1\0\nb: 2\n", 11), "bad-character at 1:5"},
      {"end of transmission, which yaml-cpp takes for the end", "a: 1\x04\nb: 2\n",
       "bad-character at 1:5"},
      {"UTF-16", std::string("\xFF\xFE\x61\0", 4), "bad-encoding at 1:1"},
      {"invalid UTF-8", "a: \xFF\n", "bad-encoding at 1:4"},
      {"unclosed double quote", "a: \"x\nb: 3\n", "unclosed-quote at 1:4"},
      {"unclosed single quote", "a: 'x\nb: 3\n", "unclosed-quote at 1:4"},
      {"quotes without anything between them", "\"\"\"\"", "yaml-syntax at 1:3"},
      {"text after a list", "a: [1] x\n", "yaml-syntax at 1:8"},
      {"tab as indentation", "a:\n  b: 1\n\tc: 2\n", "yaml-syntax at 3:1"},
      {"merge key", "a: &x {q: 1}\nb:\n  <<: *x\n", "merge-key at 3:3"},
      {"tag by accident", "a: !has(x)\n", "bad-tag at 2:1"},
      {"tag that does not fit", "a: !!int x\n", "bad-tag at 1:10"},
      {"tag on a list", "a: !!map [1]\n", "bad-tag at 1:10"},
      {"document of more than 1 MiB", "a: " + std::string(kYamlMaxDocument, 'x'),
       "too-large at 1:1"},
      {"100,000 anchors on one value", nested("&a ", 100'000), "yaml-syntax at 1:4"},
      {"unknown alias", "a: *x\n", "yaml-syntax at 1:4"},
      {"reserved character", "a: @x\n", "yaml-syntax at 1:4"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(faults(read(c.text)), std::vector<std::string>{c.fault}) << c.name;
  }
}

TEST(yaml, the_budget_holds_over_all_texts_of_a_run) {
  YamlBudget budget;
  budget.nodes = 10;
  Diagnostics diagnostics;
  const std::uint32_t first = diagnostics.sources().add("a", "[1, 2, 3, 4]");
  const std::uint32_t second = diagnostics.sources().add("b", "[1, 2, 3, 4, 5]");
  parse_yaml(first, budget, diagnostics);
  EXPECT_TRUE(diagnostics.ok());
  parse_yaml(second, budget, diagnostics);
  ASSERT_EQ(diagnostics.errors(), 1u);
  EXPECT_EQ(diagnostics.all()[0].code, "too-large");
}

TEST(yaml, exactly_the_allowed_depth_and_size_are_fine) {
  EXPECT_TRUE(read(nested("[", kYamlMaxDepth) + std::string(kYamlMaxDepth, ']')).diagnostics.ok());
  const std::string text = "a: " + std::string(kYamlMaxDocument - 3, 'x');
  EXPECT_TRUE(read(text).diagnostics.ok());
  EXPECT_TRUE(read(std::string(kYamlMaxKey - 2, 'x') + ": 1").diagnostics.ok());
}

// Each of these once took time that grew with the square of its size: half a minute, where now it
// is a blink.
TEST(yaml, wide_text_is_read_in_one_pass) {
  EXPECT_EQ(read("[" + nested("{},", 300'000) + "]").documents.at(0).root.items.size(), 300'000u);
  EXPECT_EQ(read(nested("? a\n", 100'000)).diagnostics.errors(), 99'999u);
}

}  // namespace
}  // namespace autopilot
