#include "cli/docs.h"

#include <gtest/gtest.h>

#include <sstream>

#include "cli/manual.h"
#include "core/base/text.h"

namespace autopilot::cli {
namespace {

class Sample : public Invocation {
 public:
  explicit Sample(Options& o) {
    o.argument("FILE", file_, "the file", Hint::file, true);
    o.arguments("MORE", more_, "more of them");
    o.option("-o,--out FILE", out_,
             "save it, and say so at some length so that the text has to be wrapped in its column");
    o.choice("--way", way_, {"up", "down"}, "which way");
  }
  Exit run(Context&) override { return Exit::ok; }

 private:
  std::string file_, out_, way_;
  std::vector<std::string> more_;
};

constexpr char kDetails[] = R"(First paragraph that goes
on here.

Second with 'quotes', back\slash and
.a dot.

  verbatim   line
    indented

EXAMPLES
  autopilot do it -x

NOTES
Some notes.
)";
const Command kSample{"do it", "Do it well", kDetails, bind<Sample>, {"text", "json"}};
const Command kPlain{"rest", "Rest", "Nothing.\n", bind<Sample>, {}};
const Table kTable{{"THINGS", {&kSample}}, {"", {&kPlain}}};
constexpr RoleRow kRows[] = {{"do it", policy::Role::operator_, "more for much"}, {"rest", {}}};

TEST(Manual, details_are_paragraphs_verbatim_lines_and_sections) {
  const auto sections = sections_of(kDetails);
  ASSERT_EQ(sections.size(), 3u);
  EXPECT_EQ(sections[0].title, "DESCRIPTION");
  ASSERT_EQ(sections[0].texts.size(), 3u);
  EXPECT_EQ(sections[0].texts[0].text, "First paragraph that goes on here.");
  EXPECT_TRUE(sections[0].texts[2].verbatim);
  EXPECT_EQ(sections[0].texts[2].text, "verbatim   line\n  indented");
  EXPECT_EQ(sections[1].title, "NOTES");
  EXPECT_EQ(sections[2].title, "EXAMPLES");
}

TEST(Manual, usage_marks_what_is_optional_and_what_repeats) {
  EXPECT_EQ(manual_of(kSample).usage, "autopilot do it [OPTIONS] FILE [MORE...]");
}

TEST(Help, fits_the_width_and_never_passes_a_hundred_columns) {
  for (const std::size_t width : {40u, 60u, 80u, 100u, 200u}) {
    std::istringstream lines(help_text(kSample, kRows, {width, false, true}));
    for (std::string line; std::getline(lines, line);) {
      EXPECT_LE(display_width(line), std::min<std::size_t>(width, 100)) << line;
      EXPECT_FALSE(line.ends_with(' ')) << line;
    }
  }
}

TEST(Help, has_every_option_with_its_text) {
  const std::string help = help_text(kSample, kRows, {100, false, true});
  EXPECT_NE(help.find("  -o, --out FILE            save it, and say so"), std::string::npos)
      << help;
  EXPECT_NE(help.find("      --way WHICH           which way: up, down\n"), std::string::npos)
      << help;
  EXPECT_NE(help.find("      --as ACTOR            in whose name"), std::string::npos) << help;
  EXPECT_LT(help.find("DESCRIPTION"), help.find("EXAMPLES"));
}

TEST(Help, says_the_role_of_a_command_and_lists_all_by_role) {
  const std::string help = help_text(kSample, kRows, {100, false, true});
  EXPECT_NE(help.find("\nROLE\n  operator; more for much\n"), std::string::npos) << help;
  const std::string text = overview(kTable, kRows, {100, false, true});
  EXPECT_NE(text.find("  operator                  do it\n"), std::string::npos) << text;
}

TEST(Help, the_overview_lists_groups_but_not_what_has_no_title) {
  const std::string text = overview(kTable, kRows, {100, false, true});
  EXPECT_NE(text.find("THINGS\n  do it                     Do it well\n"), std::string::npos)
      << text;
  EXPECT_EQ(text.find("Rest"), std::string::npos);
}

TEST(ManPages, one_for_each_command_without_a_date) {
  const auto pages = man_pages(kTable, kRows);
  ASSERT_EQ(pages.size(), 3u);
  EXPECT_EQ(pages[0].first, "autopilot.1");
  EXPECT_EQ(pages[1].first, "autopilot-do-it.1");
  EXPECT_EQ(pages[1].second.substr(0, 58),
            ".TH AUTOPILOT\\-DO\\-IT 1 \"\" \"autopilot\" \"autopilot manual\"\n");
}

TEST(ManPages, text_is_never_taken_for_a_request) {
  const std::string page = man_pages(kTable, kRows)[1].second;
  EXPECT_NE(page.find("Second with \\(aqquotes\\(aq, back\\eslash and .a dot."), std::string::npos)
      << page;
  const auto dotted = sections_of("  .TH evil\n");
  EXPECT_EQ(dotted[0].texts[0].text, ".TH evil");
  const Command evil{"evil", "Evil", "  .TH evil\n  'br\n", bind<Sample>, {}};
  const std::string evil_page = man_pages({{"X", {&evil}}}, {})[1].second;
  EXPECT_NE(evil_page.find("\n\\&.TH evil\n\\&\\(aqbr\n"), std::string::npos) << evil_page;
}

}  // namespace
}  // namespace autopilot::cli
