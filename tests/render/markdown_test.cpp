#include "core/render/markdown.h"

#include <gtest/gtest.h>

namespace autopilot::render {
namespace {

std::string markdown_of(std::vector<Block> blocks) {
  return report_markdown({"autopilot.test/v1", {}, std::move(blocks)});
}

TEST(Markdown, each_block_has_its_form) {
  EXPECT_EQ(markdown_of({Heading{"Plan"},
                         Paragraph{Line({{"2 to add, ", Tone::plain}, {"1 to delete", Tone::bad}})},
                         Lines{{"a", "b"}}, Tree{"root", {{"a", {{"b", {}}}}}}}),
            "## Plan\n\n"
            "2 to add, **1 to delete**\n\n"
            "```text\na\nb\n```\n\n"
            "- root\n  - a\n    - b\n");
}

TEST(Markdown, tables_have_a_head_and_aligned_columns) {
  EXPECT_EQ(markdown_of({Table{{"name", "n"}, {{"a|b", "1"}, {"c"}}, {false, true}}}),
            "| name | n |\n| --- | ---: |\n| a\\|b | 1 |\n| c | |\n");
  EXPECT_EQ(markdown_of({Table{{}, {{"a"}}, {}}}), "| |\n| --- |\n| a |\n");
}

TEST(Markdown, changed_lines_are_a_diff) {
  EXPECT_EQ(markdown_of({Lines{{Line({{"+ a", Tone::added}}), Line({{"- b", Tone::removed}})}}}),
            "```diff\n+ a\n- b\n```\n");
}

TEST(Markdown, a_fence_is_longer_than_what_it_holds) {
  EXPECT_EQ(markdown_of({Lines{{"````"}}}), "`````text\n````\n`````\n");
}

TEST(Markdown, documents_cannot_make_markup) {
  EXPECT_EQ(markdown_of({Paragraph{"<img src=x> [a](b) *c* _d_ `e` # f"}}),
            "\\<img src=x\\> \\[a\\](b) \\*c\\* \\_d\\_ \\`e\\` \\# f\n");
  EXPECT_EQ(markdown_of({Paragraph{"- no list"}}), "\\- no list\n");
}

TEST(Markdown, spaces_stay_outside_of_emphasis) {
  EXPECT_EQ(
      markdown_of({Paragraph{Line({{" ok ", Tone::good}, {"x", Tone::plain}, {"  ", Tone::bad}})}}),
      " **ok** x  \n");
}

}  // namespace
}  // namespace autopilot::render
