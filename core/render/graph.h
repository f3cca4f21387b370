#pragma once
// A directed graph in stages, for dot, Mermaid, SVG and JSON. Whoever fills it says what things
// are; the renderers only draw, and escape everything that is said. Pure; same graph, same bytes.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/value.h"
#include "core/render/report.h"

namespace autopilot::render {

enum class NodeState { plain, pass, fail, skip, error };
std::string_view to_string(NodeState state);

struct GraphNode {
  std::string kind;  // "guard"; goes before the name; may be empty
  std::string name;
  std::string text;    // what is asked; may be empty
  std::string detail;  // what came of it; may be empty
  NodeState state = NodeState::plain;
  bool dashed = false;    // changes nothing: a policy in monitor mode
  bool shared = false;    // stands with its group, but belongs to none
  std::size_t stage = 0;  // column
  std::size_t group = 0;  // row of what belongs together; index of Graph::groups
  std::string title() const { return kind.empty() ? name : kind + " " + name; }
};

struct GraphEdge {
  std::size_t from = 0, to = 0;  // nodes; from an earlier stage to a later one
  std::string label;             // may be empty
  NodeState state = NodeState::plain;
  bool dashed = false;
};

struct Graph {
  std::string title;
  std::string description;
  std::vector<std::string> stages;  // headings of the columns
  std::vector<std::string> groups;  // "policy traffic-safety"; "" for what belongs to none
  std::vector<GraphNode> nodes;
  std::vector<GraphEdge> edges;
};

std::string graph_dot(const Graph& graph);      // Graphviz
std::string graph_mermaid(const Graph& graph);  // flowchart
// A picture that stands alone, readable on light and dark grounds.
std::string graph_svg(const Graph& graph);
// A page around that picture, with the same in words below.
std::string graph_html(const Graph& graph, const std::vector<Block>& text);
Map graph_values(const Graph& graph);  // nodes and edges

// Takes stages out that hold no node.
void drop_empty_stages(Graph& graph);

// `text` cut to at most `columns` columns, with an ellipsis.
std::string shortened(std::string_view text, std::size_t columns);

}  // namespace autopilot::render
