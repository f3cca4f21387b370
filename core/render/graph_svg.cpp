// A Graph as a picture. All text is measured as if it were monospaced, and is.
#include <fmt/format.h>

#include "core/render/graph.h"
#include "core/render/graph_layout.h"
#include "core/render/html.h"
#include "core/render/text.h"
#include "core/render/xml.h"

namespace autopilot::render {
namespace {

// Contrast of at least 4.5 to 1 for text in both schemes. What fails has a thicker border and a
// mark, so that colour is not the only signal.
constexpr std::string_view kLook = R"(
.graph{--g-page:#fdfdfc;--g-card:#ffffff;--g-band:#f4f5f7;--g-ink:#1b1f24;--g-dim:#57606a;--g-line:#8a929b;
--g-pass:#1a6e42;--g-fail:#b3261e;--g-skip:#6b737d;--g-error:#8a5a00;
font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
@media (prefers-color-scheme:dark){.graph{--g-page:#15181d;--g-card:#1e2229;--g-band:#1a1d23;--g-ink:#e9ebee;
--g-dim:#a7b0bb;--g-line:#78828f;--g-pass:#54c58d;--g-fail:#ff8f80;--g-skip:#98a2ad;--g-error:#e2b340}}
.graph .page{fill:var(--g-page)}.graph .band{fill:var(--g-band)}
.graph text{fill:var(--g-ink);white-space:pre}.graph .dim{fill:var(--g-dim)}
.graph .title{font-size:15px;font-weight:600}.graph .name{font-weight:600}
.graph rect.node{fill:var(--g-card);stroke:var(--g-line)}
.graph .pass rect.node{stroke:var(--g-pass)}.graph .fail rect.node{stroke:var(--g-fail);stroke-width:2.5}
.graph .skip rect.node{stroke:var(--g-line);stroke-width:.8}.graph .error rect.node{stroke:var(--g-error);stroke-width:2.5}
.graph .skip text{fill:var(--g-dim)}
.graph .pass .mark{fill:var(--g-pass)}.graph .fail .mark{fill:var(--g-fail)}.graph .error .mark{fill:var(--g-error)}
.graph .dashed rect.node,.graph path.dashed{stroke-dasharray:5 3}
.graph path.edge{fill:none;stroke:var(--g-line);stroke-linejoin:round}
.graph path.edge.fail{stroke:var(--g-fail);stroke-width:2}.graph path.tip{fill:var(--g-line)}.graph path.tip.fail{fill:var(--g-fail)}
)";

const char* mark_of(NodeState state) {
  switch (state) {
    case NodeState::pass:
      return "✓";
    case NodeState::fail:
      return "✗";
    case NodeState::skip:
      return "–";
    case NodeState::error:
      return "!";
    case NodeState::plain:
      break;
  }
  return "";
}

std::string classes(NodeState state, bool dashed) {
  return std::string(to_string(state)) + (dashed ? " dashed" : "");
}

std::string text_at(double x, double y, std::string_view look, std::string_view text) {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" class=\"{}\">{}</text>\n", x, y, look,
                     xml_text(text));
}

// What the picture shortens stands in its tool tip.
std::string tip(const GraphNode& node) {
  std::string out = node.title();
  for (const std::string* line : {&node.text, &node.detail}) {
    if (!line->empty()) out += "\n" + *line;
  }
  return fmt::format("<title>{}</title>\n", xml_text(visible(out)));
}

void append_node(std::string& out, const GraphNode& node, const PlacedNode& at) {
  out += fmt::format("<g class=\"{}\">{}", classes(node.state, node.dashed), tip(node));
  out += fmt::format(
      "<rect class=\"node\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" "
      "height=\"{:.1f}\" rx=\"5\"/>\n",
      at.x, at.y, at.width, at.height);
  double y = at.y + 21;
  for (std::size_t i = 0; i < at.lines.size(); ++i, y += kLineHeight)
    out += text_at(at.x + 9, y, i == 0 ? "name" : "dim", at.lines[i]);
  if (node.state != NodeState::plain)
    out += text_at(at.x + at.width - 15, at.y + 21, "mark", mark_of(node.state));
  out += "</g>\n";
}

void append_edge(std::string& out, const GraphEdge& edge, const PlacedEdge& at) {
  std::string path;
  for (std::size_t i = 0; i < at.points.size(); ++i)
    path +=
        fmt::format("{}{:.1f} {:.1f}", i == 0 ? "M" : "L", at.points[i].first, at.points[i].second);
  const auto& [x, y] = at.points.back();
  const std::string look = classes(edge.state, edge.dashed);
  out += fmt::format("<g><title>{}</title><path class=\"edge {}\" d=\"{}\"/>",
                     xml_text(visible(edge.label)), look, path);
  out += fmt::format("<path class=\"tip {}\" d=\"M{:.1f} {:.1f}l-7 -3.5v7z\"/>", look, x, y);
  if (!at.label.empty()) {
    out +=
        fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"end\" class=\"dim\">{}</text>",
                    at.label_x, at.label_y, xml_text(at.label));
  }
  out += "</g>\n";
}

std::string drawn(const Graph& graph, const std::string& style) {
  const Layout at = layout_of(graph);
  std::string out = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"graph\" role=\"img\" "
      "width=\"{0:.0f}\" height=\"{1:.0f}\" viewBox=\"0 0 {0:.0f} {1:.0f}\" "
      "aria-labelledby=\"graph-title graph-description\">\n",
      at.width, at.height);
  out += fmt::format(
      "<title id=\"graph-title\">{}</title>\n<desc id=\"graph-description\">{}</desc>\n",
      xml_text(visible(graph.title)), xml_text(visible(graph.description)));
  out += style + "<rect class=\"page\" width=\"100%\" height=\"100%\"/>\n";
  out += text_at(24, 34, "title", visible(graph.title));
  for (std::size_t i = 0; i < graph.stages.size(); ++i)
    out += text_at(at.stage_x[i], 66, "dim", graph.stages[i]);
  for (std::size_t i = 0; i < graph.groups.size(); ++i) {
    if (graph.groups[i].empty()) continue;
    out += fmt::format(
        "<rect class=\"band\" x=\"8\" y=\"{:.1f}\" width=\"{:.1f}\" "
        "height=\"{:.1f}\" rx=\"8\"/>\n",
        at.bands[i].y, at.width - 16, at.bands[i].height);
  }
  for (std::size_t i = 0; i < graph.edges.size(); ++i)
    append_edge(out, graph.edges[i], at.edges[i]);
  for (std::size_t i = 0; i < graph.nodes.size(); ++i)
    append_node(out, graph.nodes[i], at.nodes[i]);
  return out + "</svg>\n";
}

}  // namespace

std::string graph_svg(const Graph& graph) {
  return drawn(graph, fmt::format("<style>{}</style>\n", kLook));
}

// The style stands in the page's head: its content security policy allows no other.
std::string graph_html(const Graph& graph, const std::vector<Block>& text) {
  HtmlPage page;
  page.title = visible(graph.title);
  page.style = std::string(kLook) + "main{max-width:none}\n";
  page.body =
      fmt::format("<h1>{}</h1>\n<p class=\"dim\">{}</p>\n<div class=\"scroll\">\n{}</div>\n{}",
                  html_escaped(graph.title), html_escaped(graph.description), drawn(graph, ""),
                  html_blocks(text));
  return html_page(page);
}

}  // namespace autopilot::render
