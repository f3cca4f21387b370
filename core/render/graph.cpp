#include "core/render/graph.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/text.h"

namespace autopilot::render {
namespace {

// Bytes of the first character.
std::size_t character(std::string_view text) {
  std::size_t n = 1;
  while (n < text.size() && (static_cast<unsigned char>(text[n]) & 0xC0) == 0x80) ++n;
  return n;
}

}  // namespace

std::string_view to_string(NodeState state) {
  constexpr std::string_view kNames[] = {"plain", "pass", "fail", "skip", "error"};
  return kNames[static_cast<std::size_t>(state)];
}

std::string shortened(std::string_view text, std::size_t columns) {
  if (display_width(text) <= columns) return std::string(text);
  std::string out;
  std::size_t used = 0;
  while (!text.empty()) {
    const std::string_view one = text.substr(0, character(text));
    used += display_width(one);
    if (used + 1 > columns) break;
    out += one;
    text.remove_prefix(one.size());
  }
  return out + "…";
}

Map graph_values(const Graph& graph) {
  List nodes, edges;
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const GraphNode& n = graph.nodes[i];
    nodes.push_back(Map{{"id", fmt::format("n{}", i)},
                        {"kind", n.kind},
                        {"name", n.name},
                        {"text", n.text},
                        {"detail", n.detail},
                        {"state", to_string(n.state)},
                        {"monitor", n.dashed},
                        {"stage", graph.stages[n.stage]},
                        {"group", graph.groups[n.group]}});
  }
  for (const GraphEdge& e : graph.edges) {
    edges.push_back(Map{{"from", fmt::format("n{}", e.from)},
                        {"to", fmt::format("n{}", e.to)},
                        {"label", e.label},
                        {"state", to_string(e.state)},
                        {"monitor", e.dashed}});
  }
  return {{"title", graph.title}, {"nodes", std::move(nodes)}, {"edges", std::move(edges)}};
}

void drop_empty_stages(Graph& graph) {
  std::vector<std::size_t> place(graph.stages.size(), 0);
  std::vector<std::string> kept;
  for (std::size_t stage = 0; stage < graph.stages.size(); ++stage) {
    place[stage] = kept.size();
    const bool used = std::any_of(graph.nodes.begin(), graph.nodes.end(),
                                  [&](const GraphNode& n) { return n.stage == stage; });
    if (used) kept.push_back(graph.stages[stage]);
  }
  for (GraphNode& node : graph.nodes) node.stage = place[node.stage];
  graph.stages = std::move(kept);
}

}  // namespace autopilot::render
