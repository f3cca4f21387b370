// Graphs in the two languages that other tools draw: Graphviz dot and Mermaid.
#include <fmt/format.h>

#include <algorithm>

#include "core/render/graph.h"
#include "core/render/text.h"

namespace autopilot::render {
namespace {

constexpr std::size_t kWidest = 60;  // columns of a line in a node

// A quoted string of dot. Backslashes mean something in labels, so each is doubled.
std::string dot_text(std::string_view text) {
  std::string out;
  for (const char c : visible(text)) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

// Inside of Mermaid's double quotes, where # starts an entity. Everything that Mermaid or its
// Markdown might take for its own is written as one.
std::string mermaid_text(std::string_view text) {
  constexpr std::string_view kPlain = " ,:/=_+.-";
  std::string out;
  for (const char c : visible(text)) {
    const auto byte = static_cast<unsigned char>(c);
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    const bool plain = kPlain.find(c) != std::string_view::npos;
    if (letter || byte >= 0x80 || (plain && !out.empty())) {
      out += c;
    } else {
      out += fmt::format("#{};", byte);
    }
  }
  return out;
}

template <class Escape>
std::string node_label(const GraphNode& node, std::string_view line_end, Escape escape) {
  std::string title = node.title();
  if (node.state != NodeState::plain) title += fmt::format(" ({})", to_string(node.state));
  std::string out = escape(shortened(title, kWidest));
  for (const std::string* line : {&node.text, &node.detail}) {
    if (!line->empty()) out += std::string(line_end) + escape(shortened(*line, kWidest));
  }
  return out;
}

std::string_view dot_look(NodeState state) {
  switch (state) {
    case NodeState::pass:
      return "color=\"#2e7d52\", fillcolor=\"#e6f4ec\"";
    case NodeState::fail:
      return "color=\"#b3261e\", fillcolor=\"#fce8e6\", penwidth=2";
    case NodeState::skip:
      return "color=\"#8a929b\", fontcolor=\"#57606a\", fillcolor=\"#f4f5f7\"";
    case NodeState::error:
      return "color=\"#8a5a00\", fillcolor=\"#fdf1d6\", penwidth=2";
    case NodeState::plain:
      break;
  }
  return "color=\"#57606a\", fillcolor=\"#ffffff\"";
}

void append_dot_node(std::string& out, std::string_view indent, const Graph& graph,
                     std::size_t index) {
  const GraphNode& node = graph.nodes[index];
  out +=
      fmt::format("{}n{} [label=\"{}\", {}{}];\n", indent, index, node_label(node, "\\n", dot_text),
                  dot_look(node.state), node.dashed ? ", style=\"filled,rounded,dashed\"" : "");
}

void append_mermaid_node(std::string& out, std::string_view indent, const Graph& graph,
                         std::size_t index) {
  const GraphNode& node = graph.nodes[index];
  out +=
      fmt::format("{}n{}[\"{}\"]:::{}{}\n", indent, index, node_label(node, "<br/>", mermaid_text),
                  to_string(node.state), node.dashed ? "_monitor" : "");
}

bool has_look(const Graph& graph, std::string_view state, bool dashed) {
  return std::any_of(graph.nodes.begin(), graph.nodes.end(), [&](const GraphNode& node) {
    return node.dashed == dashed && to_string(node.state) == state;
  });
}

bool stands_alone(const Graph& graph, std::size_t index) {
  return graph.nodes[index].shared || graph.groups[graph.nodes[index].group].empty();
}

}  // namespace

std::string graph_dot(const Graph& graph) {
  std::string out = "digraph decision {\n";
  out += fmt::format("  label=\"{}\";\n  labelloc=t;\n  rankdir=LR;\n", dot_text(graph.title));
  out +=
      "  node [shape=box, style=\"filled,rounded\", fontname=\"Helvetica\", fontsize=11];\n"
      "  edge [fontname=\"Helvetica\", fontsize=9, color=\"#57606a\"];\n";
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    if (stands_alone(graph, i)) append_dot_node(out, "  ", graph, i);
  }
  for (std::size_t group = 0; group < graph.groups.size(); ++group) {
    if (graph.groups[group].empty()) continue;
    out += fmt::format("  subgraph cluster_{} {{\n    label=\"{}\";\n    color=\"#d0d5dc\";\n",
                       group, dot_text(shortened(graph.groups[group], kWidest)));
    for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
      if (graph.nodes[i].group == group && !stands_alone(graph, i))
        append_dot_node(out, "    ", graph, i);
    }
    out += "  }\n";
  }
  for (const GraphEdge& e : graph.edges) {
    out += fmt::format("  n{} -> n{} [label=\"{}\"{}{}];\n", e.from, e.to,
                       dot_text(shortened(e.label, kWidest)),
                       e.state == NodeState::fail ? ", color=\"#b3261e\", penwidth=2" : "",
                       e.dashed ? ", style=dashed" : "");
  }
  return out + "}\n";
}

std::string graph_mermaid(const Graph& graph) {
  std::string out = fmt::format("%% {}\nflowchart LR\n", mermaid_text(graph.title));
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    if (stands_alone(graph, i)) append_mermaid_node(out, "  ", graph, i);
  }
  for (std::size_t group = 0; group < graph.groups.size(); ++group) {
    if (graph.groups[group].empty()) continue;
    out += fmt::format("  subgraph g{}[\"{}\"]\n", group,
                       mermaid_text(shortened(graph.groups[group], kWidest)));
    for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
      if (graph.nodes[i].group == group && !stands_alone(graph, i))
        append_mermaid_node(out, "    ", graph, i);
    }
    out += "  end\n";
  }
  for (const GraphEdge& e : graph.edges) {
    const std::string_view arrow = e.dashed ? "-.->" : e.state == NodeState::fail ? "==>" : "-->";
    const std::string label =
        e.label.empty() ? "" : fmt::format("|\"{}\"|", mermaid_text(shortened(e.label, kWidest)));
    out += fmt::format("  n{} {}{} n{}\n", e.from, arrow, label, e.to);
  }
  constexpr std::pair<std::string_view, std::string_view> kLooks[] = {
      {"plain", "fill:#ffffff,stroke:#57606a,color:#1b1f24"},
      {"pass", "fill:#e6f4ec,stroke:#2e7d52,color:#1b1f24"},
      {"fail", "fill:#fce8e6,stroke:#b3261e,color:#1b1f24,stroke-width:2px"},
      {"skip", "fill:#f4f5f7,stroke:#8a929b,color:#57606a"},
      {"error", "fill:#fdf1d6,stroke:#8a5a00,color:#1b1f24,stroke-width:2px"}};
  for (const auto& [name, look] : kLooks) {
    if (has_look(graph, name, false)) out += fmt::format("  classDef {} {}\n", name, look);
    if (has_look(graph, name, true))
      out += fmt::format("  classDef {}_monitor {},stroke-dasharray:4 3\n", name, look);
  }
  return out;
}

}  // namespace autopilot::render
