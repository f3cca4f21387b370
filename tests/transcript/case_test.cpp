#include "tests/transcript/case.h"

#include <gtest/gtest.h>

namespace autopilot::transcript {
namespace {

using Lines = std::vector<std::string>;

TEST(Case, blocks_become_steps) {
  const Case c = parse(
      "# Title\n"
      "<!-- needs: jq zsh -->\n"
      "```yaml file=policies/a.yaml\n"
      "kind: Policy\n"
      "```\n"
      "```sh\n"
      "$ not run\n"
      "```\n"
      "```console\n"
      "$ one \\\n"
      "> two\n"
      "? 3\n"
      "out\n"
      "\n"
      "more\n"
      "\n"
      "$ three\n"
      "```\n");
  ASSERT_EQ(c.steps.size(), 3u);
  EXPECT_EQ(c.needs, (Lines{"jq", "zsh"}));
  EXPECT_EQ(c.steps[0].file, "policies/a.yaml");
  EXPECT_EQ(c.steps[0].text, "kind: Policy\n");
  EXPECT_EQ(c.steps[1].text, "one \\\ntwo");
  EXPECT_EQ(c.steps[1].exit, 3);
  EXPECT_EQ(c.steps[1].output, (Lines{"out", "", "more"}));
  EXPECT_EQ(c.steps[1].line, 10u);
  EXPECT_EQ(c.steps[2].text, "three");
  EXPECT_EQ(c.steps[2].exit, 0);
  EXPECT_TRUE(c.steps[2].output.empty());
}

TEST(Case, output_matches_only_what_is_written) {
  EXPECT_TRUE(matches({"a", "b"}, {"a", "b"}));
  EXPECT_FALSE(matches({"a", "b"}, {"a"}));
  EXPECT_FALSE(matches({"a"}, {"a", "b"}));
  EXPECT_FALSE(matches({"a"}, {"A"}));
  EXPECT_FALSE(matches({}, {"a"}));
  EXPECT_FALSE(matches({"a"}, {}));
}

TEST(Case, empty_lines_at_the_end_do_not_count) {
  EXPECT_TRUE(matches({"a"}, {"a", "", ""}));
  EXPECT_TRUE(matches({}, {""}));
  EXPECT_FALSE(matches({"a"}, {"", "a"}));
}

TEST(Case, any_text_within_a_line) {
  EXPECT_TRUE(matches({"id [..] ok"}, {"id 42 ok"}));
  EXPECT_TRUE(matches({"[..]", "b"}, {"", "b"}));
  EXPECT_TRUE(matches({"a[..]b[..]c"}, {"aXbYbZc"}));
  EXPECT_FALSE(matches({"a[..]b"}, {"aXc"}));
  EXPECT_FALSE(matches({"[..]"}, {"a", "b"}));
}

TEST(Case, any_number_of_lines) {
  EXPECT_TRUE(matches({"a", "...", "z"}, {"a", "z"}));
  EXPECT_TRUE(matches({"a", "...", "z"}, {"a", "b", "z", "z"}));
  EXPECT_TRUE(matches({"..."}, {}));
  EXPECT_FALSE(matches({"a", "...", "z"}, {"a", "b"}));
  EXPECT_FALSE(matches({"...", "z", "..."}, {"a", "b"}));
}

}  // namespace
}  // namespace autopilot::transcript
