#include "core/base/text.h"

#include <gtest/gtest.h>

#include "tests/fakes.h"

namespace autopilot {
namespace {

constexpr auto kValid = std::string_view::npos;

TEST(Text, finds_the_first_byte_that_is_no_utf8) {
  const std::pair<std::string_view, std::size_t> cases[] = {
      {"", kValid},
      {"abc", kValid},
      {"é€😀", kValid},
      {"a\xff", 1},
      {"\x80", 0},              // a tail without a head
      {"ab\xc3", 2},            // cut short
      {"\xc0\xaf", 0},          // overlong
      {"\xe0\x80\xaf", 0},      // overlong
      {"\xed\xa0\x80", 0},      // a surrogate
      {"\xf4\x90\x80\x80", 0},  // past U+10FFFF
      {"\xf5\x80\x80\x80", 0},
      {"\xf4\x8f\xbf\xbf", kValid},
      {"\xed\x9f\xbf", kValid}};
  for (const auto& [text, at] : cases) EXPECT_EQ(find_invalid_utf8(text), at) << text;
}

TEST(Text, measures_terminal_columns) {
  const std::pair<std::string_view, std::size_t> cases[] = {{"", 0},          {"abc", 3},  {"é", 1},
                                                            {"e\xcc\x81", 1}, {"日本", 4}, {"😀", 2},
                                                            {"한", 2},        {"\xff", 1}};
  for (const auto& [text, width] : cases) EXPECT_EQ(display_width(text), width) << text;
}

TEST(Text, suggests_what_was_probably_meant) {
  const std::vector<std::string> commands{"plan", "apply", "validate", "state info", "replay"};
  EXPECT_EQ(closest("plna", commands), "plan");
  EXPECT_EQ(closest("aply", commands), "apply");
  EXPECT_EQ(closest("valdiate", commands), "validate");
  EXPECT_EQ(closest("xyz", commands), std::nullopt);
  EXPECT_EQ(closest("", commands), std::nullopt);
  EXPECT_EQ(closest(std::string(10'000, 'p'), commands), std::nullopt);
  EXPECT_EQ(did_you_mean("replya", commands), "did you mean replay?");
  EXPECT_EQ(did_you_mean("frobnicate", commands), "");
}

// The obvious recursion, as an oracle.
bool slow_match(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern[0] == '*') {
    return slow_match(pattern.substr(1), text) ||
           (!text.empty() && slow_match(pattern, text.substr(1)));
  }
  return !text.empty() && (pattern[0] == '?' || pattern[0] == text[0]) &&
         slow_match(pattern.substr(1), text.substr(1));
}

TEST(Text, globs_match_as_the_obvious_recursion_does) {
  testing::FakeRandom random(11);
  const auto word = [&](std::string_view letters, std::size_t longest) {
    std::string out;
    for (std::size_t n = random.next() % (longest + 1); n > 0; --n)
      out += letters[random.next() % letters.size()];
    return out;
  };
  int matches = 0;
  for (int i = 0; i < 50'000; ++i) {
    const std::string pattern = word("ab*?", 6), text = word("ab", 7);
    ASSERT_EQ(glob_match(pattern, text), slow_match(pattern, text)) << pattern << " " << text;
    matches += glob_match(pattern, text);
  }
  EXPECT_GT(matches, 1000);
}

TEST(Text, splits_joins_and_trims) {
  EXPECT_EQ(split("a,b,,c", ','), (std::vector<std::string>{"a", "b", "", "c"}));
  EXPECT_EQ(split("", ','), (std::vector<std::string>{""}));
  EXPECT_EQ(join({"a", "b"}, ", "), "a, b");
  EXPECT_EQ(join({}, ", "), "");
  EXPECT_EQ(trim(" \t a b \r\n"), "a b");
  EXPECT_EQ(trim(" \n"), "");
}

}  // namespace
}  // namespace autopilot
