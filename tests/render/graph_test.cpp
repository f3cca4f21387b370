// Graphs: what is drawn stays apart, and what is said cannot break out of its quotes.
#include "core/render/graph.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <random>
#include <regex>

#include "core/base/text.h"
#include "core/render/graph_layout.h"

namespace autopilot::render {
namespace {

// Everything that some format could take for its own.
const std::string kHostile =
    "\"]; --> n0 <b>&amp;</b> #quot; `x` \\N \\\" %% |y| {z} [w] (v)\n\x1b[31m \u0080 end ]]> é "
    "漢字";

Graph random_graph(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  const auto text = [&] { return std::string(below(60), 'm') + (below(9) == 0 ? "漢字漢字" : ""); };
  Graph graph;
  graph.title = "decision " + text();
  graph.description = "made up";
  const std::size_t stages = 2 + below(6), groups = 1 + below(5);
  for (std::size_t i = 0; i < stages; ++i) graph.stages.push_back("stage " + std::to_string(i));
  for (std::size_t i = 0; i < groups; ++i)
    graph.groups.push_back(i == 0 ? "" : "group " + std::to_string(i));
  for (std::size_t i = 0; i < 2 + below(40); ++i) {
    graph.nodes.push_back({"kind", text(), below(2) ? text() : "", below(3) ? "" : text(),
                           static_cast<NodeState>(below(5)), below(4) == 0, below(4) == 0,
                           below(stages), below(groups)});
  }
  for (std::size_t i = 0; i < below(80); ++i) {
    const std::size_t from = below(graph.nodes.size()), to = below(graph.nodes.size());
    if (graph.nodes[from].stage >= graph.nodes[to].stage) continue;
    graph.edges.push_back(
        {from, to, below(2) ? text() : "", static_cast<NodeState>(below(5)), below(4) == 0});
  }
  return graph;
}

struct Box {
  double left, top, right, bottom;
  bool meets(const Box& o) const {
    return left < o.right && o.left < right && top < o.bottom && o.top < bottom;
  }
};

Box box_of(const PlacedNode& n) { return {n.x, n.y, n.x + n.width, n.y + n.height}; }

Box box_of_label(const PlacedEdge& e) {
  const double width = static_cast<double>(display_width(e.label)) * kColumnWidth;
  return {e.label_x - width, e.label_y - 11, e.label_x, e.label_y + 3};
}

TEST(graph_layout, nothing_lies_on_anything_else) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const Graph graph = random_graph(seed);
    const Layout layout = layout_of(graph);
    const Box page{0, 0, layout.width, layout.height};
    std::vector<Box> boxes;
    for (const PlacedNode& node : layout.nodes) boxes.push_back(box_of(node));
    for (const PlacedEdge& edge : layout.edges) {
      if (!edge.label.empty()) boxes.push_back(box_of_label(edge));
    }
    for (std::size_t i = 0; i < boxes.size(); ++i) {
      EXPECT_TRUE(boxes[i].left >= page.left && boxes[i].top >= page.top &&
                  boxes[i].right <= page.right && boxes[i].bottom <= page.bottom)
          << "seed " << seed << ", box " << i << " leaves the page";
      for (std::size_t j = 0; j < i; ++j)
        EXPECT_FALSE(boxes[i].meets(boxes[j])) << "seed " << seed << ": " << i << " on " << j;
    }
  }
}

TEST(graph_layout, lines_are_straight_and_cross_no_node_and_end_where_they_should) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const Graph graph = random_graph(seed);
    const Layout layout = layout_of(graph);
    for (std::size_t i = 0; i < graph.edges.size(); ++i) {
      const auto& points = layout.edges[i].points;
      const PlacedNode& from = layout.nodes[graph.edges[i].from];
      const PlacedNode& to = layout.nodes[graph.edges[i].to];
      EXPECT_EQ(points.front().first, from.x + from.width);
      EXPECT_EQ(points.back().first, to.x);
      EXPECT_TRUE(points.back().second > to.y && points.back().second < to.y + to.height);
      for (std::size_t p = 1; p < points.size(); ++p) {
        const auto& [x1, y1] = points[p - 1];
        const auto& [x2, y2] = points[p];
        EXPECT_TRUE(x1 == x2 || y1 == y2) << "seed " << seed;
        EXPECT_LE(x1, x2) << "seed " << seed;
        const Box line{std::min(x1, x2), std::min(y1, y2), std::max(x1, x2), std::max(y1, y2)};
        const Box wide{line.left + 0.5, line.top - 0.5, line.right - 0.5, line.bottom + 0.5};
        for (const PlacedNode& node : layout.nodes)
          EXPECT_FALSE(wide.meets(box_of(node))) << "seed " << seed << ", edge " << i;
      }
    }
  }
}

TEST(graph_layout, all_the_text_of_a_node_is_inside_of_it) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const Layout layout = layout_of(random_graph(seed));
    for (const PlacedNode& node : layout.nodes) {
      EXPECT_GE(node.height, kLineHeight * static_cast<double>(node.lines.size()));
      for (const std::string& line : node.lines)
        EXPECT_GE(node.width, static_cast<double>(display_width(line)) * kColumnWidth + 20);
    }
  }
}

Graph hostile_graph() {
  Graph graph;
  graph.title = graph.description = kHostile;
  graph.stages = {"a", "b"};
  graph.groups = {"", kHostile};
  graph.nodes = {{"input", kHostile, "", "", NodeState::plain, false, false, 0, 0},
                 {"guard", kHostile, kHostile, kHostile, NodeState::fail, true, false, 1, 1}};
  graph.edges = {{0, 1, kHostile, NodeState::fail, true}};
  return graph;
}

std::string without(const std::string& text, const std::string& pattern) {
  return std::regex_replace(text, std::regex(pattern), "");
}

TEST(graph_dot, hostile_text_stays_in_its_quotes) {
  const std::string rest = without(graph_dot(hostile_graph()), R"("(\\.|[^"\\])*")");
  EXPECT_EQ(rest.find("n0 <b>"), std::string::npos) << rest;
  EXPECT_EQ(rest.find('"'), std::string::npos) << rest;
  EXPECT_EQ(std::count(rest.begin(), rest.end(), '>'), 1) << rest;  // one edge
}

TEST(graph_dot, graphviz_reads_it) {
  if (std::system("dot -V > /dev/null 2>&1") != 0) GTEST_SKIP() << "graphviz is not installed";
  const std::string path = ::testing::TempDir() + "/autopilot_graph_test.dot";
  for (std::uint64_t seed = 0; seed < 6; ++seed) {
    std::ofstream(path) << graph_dot(seed == 0 ? hostile_graph() : random_graph(seed));
    EXPECT_EQ(std::system(("dot -Tplain '" + path + "' > /dev/null").c_str()), 0) << seed;
  }
  std::remove(path.c_str());
}

// The grammar that we use of Mermaid, line by line.
TEST(graph_mermaid, every_line_is_one_that_mermaid_knows) {
  const std::string quoted = R"("[A-Za-z0-9 ,:/=_+.\-#;<>…\x80-\xff]*")";
  const std::vector<std::regex> known{
      std::regex("%% .*"),
      std::regex("flowchart LR"),
      std::regex("  subgraph g[0-9]+\\[" + quoted + "\\]"),
      std::regex("  end"),
      std::regex(" {2,4}n[0-9]+\\[" + quoted + "\\]:::(plain|pass|fail|skip|error)(_monitor)?"),
      std::regex("  n[0-9]+ (-->|==>|-\\.->)(\\|" + quoted + "\\|)? n[0-9]+"),
      std::regex("  classDef [a-z_]+ [a-z0-9#:,\\- ]+")};
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    for (const std::string& line :
         split(graph_mermaid(seed == 0 ? hostile_graph() : random_graph(seed)), '\n')) {
      const auto fits = [&](const std::regex& r) { return std::regex_match(line, r); };
      EXPECT_TRUE(line.empty() || std::any_of(known.begin(), known.end(), fits)) << line;
    }
  }
}

TEST(graph_mermaid, angle_brackets_are_only_line_breaks) {
  const std::string rest = without(graph_mermaid(hostile_graph()), "<br/>|-->|==>|-\\.->");
  EXPECT_EQ(rest.find('<'), std::string::npos) << rest;
  EXPECT_EQ(rest.find('>'), std::string::npos) << rest;
}

// Every tag is closed by its own, and nothing but our elements is there.
TEST(graph_svg, hostile_text_makes_no_element) {
  const std::string svg = graph_svg(hostile_graph());
  EXPECT_EQ(find_invalid_utf8(svg), std::string::npos);
  std::vector<std::string> open;
  const std::regex tag("<(/?)([a-z]+)([^<>]*?)(/?)>");
  for (std::sregex_iterator at(svg.begin(), svg.end(), tag), end; at != end; ++at) {
    const std::string name = (*at)[2];
    EXPECT_TRUE(std::regex_match(name, std::regex("svg|g|title|desc|style|rect|path|text")))
        << name;
    if ((*at)[1] == "/") {
      ASSERT_FALSE(open.empty());
      EXPECT_EQ(open.back(), name);
      open.pop_back();
    } else if ((*at)[4] != "/") {
      open.push_back(name);
    }
  }
  EXPECT_TRUE(open.empty());
  EXPECT_EQ(std::count(svg.begin(), svg.end(), '<'),
            std::distance(std::sregex_iterator(svg.begin(), svg.end(), tag), {}));
  EXPECT_EQ(without(svg, "&(amp|lt|gt|quot|#10);").find('&'), std::string::npos);
}

TEST(graph, is_the_same_each_time) {
  for (const auto draw : {graph_dot, graph_mermaid, graph_svg})
    EXPECT_EQ(draw(random_graph(3)), draw(random_graph(3)));
}

TEST(graph, without_nodes_is_still_a_picture) {
  Graph graph;
  graph.title = "nothing";
  for (const auto draw : {graph_dot, graph_mermaid, graph_svg}) EXPECT_FALSE(draw(graph).empty());
}

TEST(graph_html, is_a_page_with_the_picture_and_the_words) {
  const std::string page = graph_html(hostile_graph(), {Paragraph{"in words: <b>"}});
  EXPECT_EQ(page.rfind("<!doctype html>", 0), 0u) << page.substr(0, 80);
  EXPECT_NE(page.find("<svg "), std::string::npos);
  EXPECT_NE(page.find("in words: &lt;b&gt;"), std::string::npos);
  EXPECT_EQ(page.find("<b>"), std::string::npos);
  EXPECT_EQ(page.find("<style>", page.find("</head>")), std::string::npos) << "it would be refused";
}

TEST(graph, shortens_by_columns) {
  EXPECT_EQ(shortened("abc", 3), "abc");
  EXPECT_EQ(shortened("abcd", 3), "ab…");
  EXPECT_EQ(shortened("漢字漢", 5), "漢字…");
  EXPECT_EQ(shortened("漢字漢", 4), "漢…");
  EXPECT_EQ(shortened("é́é́é́", 3), "é́é́é́");
}

}  // namespace
}  // namespace autopilot::render
