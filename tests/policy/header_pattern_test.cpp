// The regular expressions of matches: what they take, and an example that they really match.
#include "core/policy/header_pattern.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>

#include "core/expr/regex.h"

namespace autopilot::policy {
namespace {

bool matches_whole(const std::string& pattern, const std::string& text) {
  return expr::Regex(fmt::format("^(?:{})$", pattern)).matches(text);
}

TEST(HeaderPattern, has_an_example_that_it_matches) {
  for (const char* pattern :
       {"beta", "v[0-9]+", "(?:ios|android)/[0-9]{1,3}", "a{3}b{2,}c?", R"(\d\w\s\D\W\S)", ".*",
        "[^a-z]", R"([\]\\x-]+)", "[]a]", R"(\$\{x\}\")", "((a|b)c)?d", "|a", "[$;{}#]+", "a b"}) {
    const HeaderPattern read = read_header_pattern(pattern);
    EXPECT_EQ(read.fault, "") << pattern;
    EXPECT_TRUE(matches_whole(pattern, read.example)) << pattern << " " << read.example;
  }
}

TEST(HeaderPattern, says_what_is_wrong) {
  for (const auto& [pattern, fault] : {std::pair("", "it is empty"),
                                       {"(a", "a ( is not closed"},
                                       {"a)", "a ) closes nothing"},
                                       {"[a", "a [ is not closed"},
                                       {"a\\", "it ends with a backslash"},
                                       {"*a", "* repeats nothing"},
                                       {"^a", "^ has no place: the whole value is matched"},
                                       {"a$", "$ has no place: the whole value is matched"},
                                       {"a}", "} must be written \\}"},
                                       {"a{x}", "{ } holds a number, or two with a comma"},
                                       {"a{2,1}", "{ } holds a number, or two with a comma"},
                                       {"a{999}", "{ } holds a number, or two with a comma"},
                                       {"a++", "a repetition is repeated"},
                                       {"a*?", "a repetition is repeated"},
                                       {"\\b", "\\b is not among \\d \\w \\s \\D \\W \\S"},
                                       {"(a)\\1", "\\1 is not among \\d \\w \\s \\D \\W \\S"},
                                       {"[z-a]", "[z-a] is no class of characters"},
                                       {"[[:alpha:]]", "a [ within a class must be written \\["}}) {
    EXPECT_EQ(read_header_pattern(pattern).fault, fault) << pattern;
  }
  EXPECT_EQ(read_header_pattern(std::string(257, 'a')).fault, "it has more than 256 characters");
  EXPECT_EQ(read_header_pattern(std::string(100, '(')).fault, "its groups are too deep");
  EXPECT_NE(read_header_pattern("a\nb").fault, "");
  EXPECT_NE(read_header_pattern("\xc3\xa9").fault, "");
}

// In nginx a named group would set a variable of its configuration.
TEST(HeaderPattern, groups_have_no_names_or_options) {
  for (const char* pattern : {"(?<ap_shop_pool>a)", "(?P<x>a)", "(?'x'a)", "(?i)a", "(?=a)",
                              "(?!a)", "(?>a)", "(?#a)", "(?R)"}) {
    EXPECT_EQ(read_header_pattern(pattern).fault,
              "groups have no names, options or conditions: write ( or (?:")
        << pattern;
  }
}

TEST(HeaderPattern, nothing_takes_time_without_end) {
  for (const char* pattern : {"(a+)+", "(a|aa)*", "(?:a?){9}", "((a)*b)*", "(a{1,9}){2,}"}) {
    EXPECT_EQ(read_header_pattern(pattern).fault,
              "a repeated group has a repetition or alternatives within")
        << pattern;
  }
  EXPECT_EQ(read_header_pattern("a*b*c*d*").fault, "");
  EXPECT_EQ(read_header_pattern("a*b*c*d*e*").fault,
            "it has more than 4 repetitions without an end");
  EXPECT_EQ(read_header_pattern("(a+|b)?").fault, "");
}

TEST(HeaderPattern, whatever_is_accepted_compiles_and_matches_its_example) {
  std::mt19937 random(7);  // NOLINT: the same texts each time
  const std::string letters = "ab01.[]()|*+?{},\\^-dwsDWS:$ ";
  int accepted = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string pattern;
    for (std::size_t n = 1 + random() % 8; pattern.size() < n;)
      pattern += letters[random() % letters.size()];
    const HeaderPattern read = read_header_pattern(pattern);
    if (!read.fault.empty()) continue;
    ++accepted;
    EXPECT_TRUE(expr::Regex(pattern).ok()) << pattern;
    EXPECT_TRUE(matches_whole(pattern, read.example)) << pattern << " " << read.example;
  }
  EXPECT_GT(accepted, 1000);
}

}  // namespace
}  // namespace autopilot::policy
