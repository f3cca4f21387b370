#include "core/base/json.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "core/base/error.h"
#include "tests/fakes.h"

namespace autopilot {
namespace {

std::string round_trip(std::string_view text) {
  const JsonResult parsed = parse_json(text);
  return parsed.ok ? to_json(parsed.value) : "fault: " + parsed.fault.message;
}

TEST(Json, prints_what_it_read) {
  for (const char* text :
       {"null", "true", "false", "0", "-1", "9223372036854775807", "18446744073709551615", "1.50",
        "1e3", "-0.0", "\"\"", R"("a\"b\\c\n\t\r")", "[]", "{}", R"([1,[2,{"a":[]}],null])",
        R"({"z":1,"a":{"b":2.0}})", "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\""}) {
    EXPECT_EQ(round_trip(text), text);
  }
}

TEST(Json, escapes_control_characters_and_reads_them_back) {
  std::string all;
  for (char c = 0; c < 0x20; ++c) all += c;
  all += "\x7f\"\\/";
  const JsonResult parsed = parse_json(to_json(Value(all)));
  ASSERT_TRUE(parsed.ok);
  EXPECT_EQ(parsed.value.as_string(), all);
}

TEST(Json, refuses_what_is_no_json) {
  for (const char* text : {"",
                           " ",
                           "nul",
                           "[1,]",
                           "{\"a\":1,}",
                           "{a:1}",
                           "'a'",
                           "01",
                           "1.",
                           ".5",
                           "+1",
                           "NaN",
                           "[1",
                           "{\"a\"",
                           "\"a",
                           "1 2",
                           "\"\x01\"",
                           "\"\\x\"",
                           "\"\\ud800\"",
                           "\"\xff\"",
                           "\"\xc0\x80\"",
                           "\"\xed\xa0\x80\"",
                           "[1]]",
                           "// c\n1",
                           "1e999",
                           "-1e999",
                           "\xef\xbb"}) {
    const JsonResult parsed = parse_json(text);
    EXPECT_FALSE(parsed.ok) << text;
    EXPECT_FALSE(parsed.fault.message.empty()) << text;
    EXPECT_LE(parsed.fault.offset, std::string_view(text).size()) << text;
  }
}

TEST(Json, refuses_a_key_that_appears_twice_in_small_and_in_large_maps) {
  EXPECT_EQ(parse_json(R"({"a":1,"b":2,"a":3})").fault.message, "key \"a\" appears twice");
  std::string large = "{";
  for (int i = 0; i < 1000; ++i) large += "\"k" + std::to_string(i) + "\":{\"k0\":1},";
  EXPECT_TRUE(parse_json(large + "\"z\":1}").ok);
  EXPECT_EQ(parse_json(large + "\"k7\":1}").fault.message, "key \"k7\" appears twice");
  EXPECT_EQ(parse_json(large + "\"k999\":1}").fault.message, "key \"k999\" appears twice");
}

TEST(Json, reads_a_map_of_two_hundred_thousand_keys) {
  std::string text = "{";
  for (int i = 0; i < 200'000; ++i) text += "\"" + std::to_string(i) + "\":0,";
  text.back() = '}';
  const JsonResult parsed = parse_json(text);
  ASSERT_TRUE(parsed.ok) << parsed.fault.message;
  EXPECT_EQ(parsed.value.as_map().size(), 200'000u);
}

TEST(Json, bounds_depth) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_TRUE(parse_json(nested(kJsonMaxDepth)).ok);
  EXPECT_FALSE(parse_json(nested(kJsonMaxDepth + 1)).ok);
  EXPECT_EQ(parse_json(std::string(100'000, '[')).fault.message, "nested deeper than 64 levels");
}

TEST(Json, names_line_and_column_when_it_throws) {
  try {
    parse_json_or_throw("{\n  \"a\": x\n}", "actions.jsonl");
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::invalid);
    EXPECT_EQ(std::string(e.what()).substr(0, 19), "actions.jsonl:2:8: ");
  }
}

TEST(Json, canonical_text_sorts_keys_and_prints_numbers_by_value) {
  const Value value =
      parse_json_or_throw(R"({"b":1.0,"a":{"d":1e2,"c":[1.50,-0.0]},"":true})", "test");
  EXPECT_EQ(to_canonical_json(value), R"({"":true,"a":{"c":[1.5,0],"d":100},"b":1})");
}

TEST(Json, pretty_text_indents_by_two) {
  const Value value = parse_json_or_throw(R"({"a":[1,{}],"b":[]})", "test");
  EXPECT_EQ(to_pretty_json(value), "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": []\n}");
}

// RFC 8785, appendix B, and both ends of each of ECMAScript's notations.
TEST(Json, prints_doubles_as_rfc_8785_does) {
  const std::pair<double, const char*> cases[] = {
      {0.0, "0"},
      {-0.0, "0"},
      {5e-324, "5e-324"},
      {-5e-324, "-5e-324"},
      {1.7976931348623157e308, "1.7976931348623157e+308"},
      {9007199254740992, "9007199254740992"},
      {295147905179352830000.0, "295147905179352830000"},
      {9.999999999999997e22, "9.999999999999997e+22"},
      {1e23, "1e+23"},
      {1.0000000000000001e23, "1.0000000000000001e+23"},
      {999999999999999700000.0, "999999999999999700000"},
      {999999999999999900000.0, "999999999999999900000"},
      {1e21, "1e+21"},
      {9.999999999999997e-7, "9.999999999999997e-7"},
      {0.000001, "0.000001"},
      {333333333.3333332, "333333333.3333332"},
      {333333333.33333325, "333333333.33333325"},
      {-0.0000033333333333333333, "-0.0000033333333333333333"},
      {1424953923781206.2, "1424953923781206.2"},
      {0.1, "0.1"},
      {5000, "5000"},
      {1e300, "1e+300"},
      {0.02, "0.02"},
      {123.456, "123.456"}};
  for (const auto& [value, text] : cases) EXPECT_EQ(double_text(value), text);
}

TEST(Json, every_double_reads_back_as_itself) {
  testing::FakeRandom random(7);
  for (int i = 0; i < 100'000; ++i) {
    const double value = std::bit_cast<double>(random.next());
    if (!std::isfinite(value)) continue;
    ASSERT_EQ(std::strtod(double_text(value).c_str(), nullptr), value) << double_text(value);
  }
}

TEST(Json, finds_what_needs_an_escape_at_any_place) {
  for (std::size_t size = 0; size < 40; ++size) {
    const std::string plain(size, '\x7F');
    EXPECT_TRUE(is_plain_json(plain));
    for (std::size_t i = 0; i < size; ++i) {
      for (const char c : {'"', '\\', '\n', '\0', '\x1F'}) {
        std::string text = plain;
        text[i] = c;
        EXPECT_FALSE(is_plain_json(text)) << size << " " << i;
      }
      for (const char c : {' ', '!', '#', '[', ']', '\x80', '\xFF'}) {
        std::string text = plain;
        text[i] = c;
        EXPECT_TRUE(is_plain_json(text)) << size << " " << i;
      }
    }
  }
}

TEST(Json, prints_what_no_json_number_is_as_words) {
  EXPECT_EQ(double_text(std::numeric_limits<double>::quiet_NaN()), "\"NaN\"");
  EXPECT_EQ(double_text(std::numeric_limits<double>::infinity()), "\"Infinity\"");
  EXPECT_EQ(double_text(-std::numeric_limits<double>::infinity()), "\"-Infinity\"");
}

}  // namespace
}  // namespace autopilot
