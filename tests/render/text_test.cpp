#include "core/render/text.h"

#include <gtest/gtest.h>

namespace autopilot::render {
namespace {

std::string text_of(std::vector<Block> blocks, TextStyle style = {40, false, true}) {
  return report_text({"autopilot.test/v1", {}, std::move(blocks)}, style);
}

TEST(Text, paragraphs_are_wrapped_at_spaces) {
  EXPECT_EQ(text_of({Paragraph{"one two three four five six seven eight nine"}}, {20, false, true}),
            "one two three four\nfive six seven eight\nnine\n");
}

TEST(Text, a_word_that_is_too_long_keeps_a_line_of_its_own) {
  EXPECT_EQ(text_of({Paragraph{"a https://example.com/very/long b"}}, {10, false, true}),
            "a\nhttps://example.com/very/long\nb\n");
}

TEST(Text, wrapping_counts_columns_and_not_bytes) {
  EXPECT_EQ(text_of({Paragraph{"ééé ééé"}}, {7, false, true}), "ééé ééé\n");
  EXPECT_EQ(text_of({Paragraph{"日本 日本"}}, {8, false, true}), "日本\n日本\n");
}

TEST(Text, wrapping_keeps_tones_and_words_made_of_several_runs) {
  const Line line({{"aaa ", Tone::plain}, {"bbb", Tone::bad}, {"ccc ddd", Tone::plain}});
  const std::vector<Line> lines = wrapped(line, 10);
  ASSERT_EQ(lines.size(), 2u);
  ASSERT_EQ(lines[0].runs.size(), 3u);
  EXPECT_EQ(lines[0].runs[1].text, "bbb");
  EXPECT_EQ(lines[0].runs[1].tone, Tone::bad);
  EXPECT_EQ(lines[1].runs[0].text, "ddd");
}

TEST(Text, a_newline_in_a_paragraph_breaks_the_line) {
  EXPECT_EQ(text_of({Paragraph{"one\ntwo\n\nthree"}}), "one\ntwo\n\nthree\n");
}

TEST(Text, blocks_are_separated_by_an_empty_line_except_after_a_heading) {
  EXPECT_EQ(text_of({Heading{"H"}, Paragraph{"p"}, Lines{{"a", "b"}}, Heading{"I"}, Lines{{"c"}}}),
            "H\np\n\na\nb\n\nI\nc\n");
  EXPECT_EQ(text_of({}), "");
}

TEST(Text, tables_align_by_display_width) {
  const Table table{{"name", "n", "what"},
                    {{"é", "5", "x"}, {"日本", "1000", ""}, {"abcdef", "42", "yz"}},
                    {false, true}};
  EXPECT_EQ(text_of({table}),
            "name       n  what\n"
            "é          5  x\n"
            "日本    1000\n"
            "abcdef    42  yz\n");
}

TEST(Text, the_last_column_of_a_table_is_wrapped_in_place) {
  const Table table{{}, {{"id-1", "one two three four five six seven eight"}, {"i", "b"}}, {}};
  EXPECT_EQ(text_of({table}, {32, false, true}),
            "id-1  one two three four five\n"
            "      six seven eight\n"
            "i     b\n");
}

TEST(Text, rows_may_be_shorter_than_others) {
  EXPECT_EQ(text_of({Table{{}, {{"aa", "b", "c"}, {"d"}, {}}, {}}}), "aa  b  c\nd\n\n");
}

const Tree kTree{"root", {{"a", {{"a1", {}}, {"a2", {}}}}, {"b", {{"b1", {}}}}}};

TEST(Text, trees_are_drawn_with_lines) {
  EXPECT_EQ(text_of({kTree}),
            "root\n"
            "├─ a\n"
            "│  ├─ a1\n"
            "│  └─ a2\n"
            "└─ b\n"
            "   └─ b1\n");
}

TEST(Text, trees_are_drawn_in_ascii_where_nothing_else_is_known) {
  EXPECT_EQ(text_of({kTree}, {40, false, false}),
            "root\n"
            "|- a\n"
            "|  |- a1\n"
            "|  `- a2\n"
            "`- b\n"
            "   `- b1\n");
}

TEST(Text, long_lines_of_a_tree_go_on_below_their_beginning) {
  const Tree tree{"root", {{"one two three four five six", {{"leaf", {}}}}, {"b", {}}}};
  EXPECT_EQ(text_of({tree}, {28, false, true}),
            "root\n"
            "├─ one two three four five\n"
            "│  six\n"
            "│  └─ leaf\n"
            "└─ b\n");
}

TEST(Text, colour_is_there_only_when_asked_for) {
  const std::vector<Block> blocks{
      Lines{{Line({{"ok", Tone::good}, {" no", Tone::bad}, {" x", Tone::plain}})}}};
  EXPECT_EQ(text_of(blocks), "ok no x\n");
  EXPECT_EQ(text_of(blocks, {40, true, true}), "\x1b[32mok\x1b[0m\x1b[31m no\x1b[0m x\n");
}

TEST(Text, columns_align_in_colour_as_without) {
  const Table table{{}, {{Line({{"a", Tone::bad}}), "x"}, {"bbb", "y"}}, {}};
  EXPECT_EQ(text_of({table}, {40, true, true}), "\x1b[31ma\x1b[0m    x\nbbb  y\n");
}

TEST(Text, documents_cannot_drive_the_terminal) {
  EXPECT_EQ(visible("a\x1b[31mb\x07\x7f\xc2\x9b"
                    "c\rd\te"),
            "a\\x1b[31mb\\x07\\x7f\\x9bc\\x0dd\te");
  const std::string evil = "\x1b]0;gone\x07";
  const std::string out = text_of({Heading{evil}, Paragraph{evil}, Lines{{evil}},
                                   Table{{evil}, {{evil}}, {}}, Tree{evil, {{evil, {}}}}});
  EXPECT_EQ(out.find('\x1b'), std::string::npos);
  EXPECT_EQ(out.find('\x07'), std::string::npos);
}

}  // namespace
}  // namespace autopilot::render
