#include "core/render/html.h"

#include <gtest/gtest.h>

#include "core/base/json.h"
#include "core/render/svg.h"
#include "core/render/svg_curve.h"
#include "core/render/ticks.h"

namespace autopilot::render {
namespace {

TEST(Html, what_documents_say_makes_no_markup) {
  EXPECT_EQ(html_escaped("<b a=\"1\" b='2'>&"), "&lt;b a=&quot;1&quot; b=&#39;2&#39;&gt;&amp;");
  EXPECT_EQ(html_escaped("a\x1b[1m"), "a\\x1b[1m");
}

TEST(Html, data_cannot_end_its_element_and_reads_back_the_same) {
  const Value hostile = Map{{"id", "</script><!--<script>"}};
  const std::string json = json_in_html(hostile);
  EXPECT_EQ(json.find('<'), std::string::npos);
  EXPECT_EQ(parse_json(json).value, hostile);
}

TEST(Html, a_report_shows_all_its_blocks) {
  Report report{"autopilot.some_thing/v1", {}, {}};
  report.text = {Heading{"Head"},
                 Paragraph{Line({{"bad", Tone::bad}})},
                 Lines{{Line("a <line>")}},
                 Table{{"name"}, {{Line("cell")}}, {true}},
                 Tree{Line("root"), {{Line("leaf"), {}}}},
                 Chart{"x", "0", "9", {{"all", Tone::good, {1, 2}}}}};
  const std::string html = report_html(report);
  for (const char* part :
       {"<title>some thing</title>", "<h2>Head</h2>", "<span class=\"bad\">bad</span>",
        "a &lt;line&gt;", "<td class=\"right\">cell</td>", "<li>root<ul>",
        "<svg class=\"chart\""}) {
    EXPECT_NE(html.find(part), std::string::npos) << part;
  }
  EXPECT_EQ(html.find("http://"), std::string::npos);
  EXPECT_EQ(html.find("https://"), std::string::npos);
}

// The hash that a browser computes of the style between its tags.
TEST(Html, the_policy_names_the_style_and_the_script_by_their_hashes) {
  HtmlPage page;
  page.script = "1";
  const std::string html = html_page(page);
  // printf 1 | openssl dgst -sha256 -binary | base64
  EXPECT_NE(html.find("script-src 'sha256-a4ayc/80/OGda4BO/1o/V0etpOqiLx1JwB5S3beHW0s='"),
            std::string::npos);
}

TEST(Svg, a_band_goes_over_its_columns_and_back_below_them) {
  SvgFrame frame;
  frame.width = frame.height = 10;
  frame.left = frame.right = frame.top = frame.bottom = 0;
  EXPECT_EQ(svg_band({0, 0}, {0.5, 1}, frame), "M0 10V5H5V0H10V10H5V10H0Z");
  EXPECT_EQ(svg_band({}, {}, frame), "");
}

TEST(Svg, series_are_stacked_and_labels_escaped) {
  const Chart chart{"<x>", "a", "b", {{"one", Tone::good, {1, 3}}, {"two", Tone::bad, {3, 1}}}};
  const std::string svg = svg_stack(chart, {});
  EXPECT_NE(svg.find("data-most=\"4\""), std::string::npos);
  EXPECT_NE(svg.find("data-series=\"1\" class=\"bad\""), std::string::npos);
  EXPECT_NE(svg.find("&lt;x&gt;"), std::string::npos);
}

TEST(Svg, a_chart_without_values_is_empty_and_whole) {
  const std::string svg = svg_stack(Chart{"x", "", "", {}}, {});
  EXPECT_NE(svg.find("</svg>"), std::string::npos);
  EXPECT_EQ(svg.find("nan"), std::string::npos);
}

Chart curve() {
  Chart out{
      "return by total", "51,750", "135,000", {{"return", Tone::good, {1.1e6, 1.5e6, 1.6e6}}}};
  out.places = {51750, 90000, 135000};
  out.across = "total, <EUR>";
  out.up = "return";
  out.marks = {{"plan", 90000, 1.5e6, Tone::good}, {"today", 90000, 1.2e6, {}}};
  return out;
}

TEST(Svg, a_curve_has_titles_ticks_and_marks_in_its_picture) {
  const std::string svg = svg_curve(curve());
  for (const char* part : {">1,100,000<", ">1,600,000<", ">60,000<", ">120,000<",
                           "total, &lt;EUR&gt;", ">plan<", ">today<", "class=\"line\""})
    EXPECT_NE(svg.find(part), std::string::npos) << part;
  EXPECT_EQ(svg.find(">135,000<"), std::string::npos) << "ticks are round";
  for (std::size_t at = svg.find("x=\""); at != std::string::npos; at = svg.find(" x=\"", at + 1)) {
    const double x = std::stod(svg.substr(svg.find('"', at) + 1));
    EXPECT_GE(x, 0);
    EXPECT_LE(x, 640);
  }
}

TEST(Svg, a_curve_that_stays_where_it_is_has_an_axis_nevertheless) {
  Chart flat = curve();
  flat.series[0].values = {0, 0, 0};
  flat.marks.clear();
  flat.places = {5, 5, 5};
  const std::string svg = svg_curve(flat);
  EXPECT_EQ(svg.find("nan"), std::string::npos);
  EXPECT_EQ(svg.find("inf"), std::string::npos);
}

TEST(Svg, ticks_have_the_digits_that_their_step_needs) {
  EXPECT_EQ(tick_text(1234567, 1000), "1,234,567");
  EXPECT_EQ(tick_text(0.30000000000000004, 0.1), "0.3");
  EXPECT_EQ(tick_text(-1e-20, 0.5), "0.0");
  EXPECT_EQ(tick_text(-2500, 500), "-2,500");
  EXPECT_EQ(tick_step(83000, 5), 20000);
}

TEST(Html, a_page_of_a_report_has_its_title_its_lead_and_notes_of_tables) {
  Report report{
      "autopilot.budget_plan/v1", {}, {Table{{"A"}, {{"1"}}, {true}, "A is <a>."}, curve()}};
  EXPECT_NE(report_html(report).find("<h1>budget plan</h1>"), std::string::npos);
  report.title = "Budget spring";
  report.lead = "Spend & earn.";
  const std::string page = report_html(report);
  for (const char* part :
       {"<title>Budget spring</title>", "<p class=\"lead\">Spend &amp; earn.</p>",
        "<p class=\"legend\">A is &lt;a&gt;.</p>", "class=\"chart curve\""})
    EXPECT_NE(page.find(part), std::string::npos) << part;
}

}  // namespace
}  // namespace autopilot::render
