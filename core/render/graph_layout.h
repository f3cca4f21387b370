#pragma once
// Where the parts of a Graph stand: columns by stage, rows by group. An edge that passes a column
// gets a lane of its own there, and one that turns between two columns a vertical one, so that no
// line crosses a node and no text lies on another. Units are CSS pixels.

#include <cstddef>
#include <string>
#include <vector>

#include "core/render/graph.h"

namespace autopilot::render {

inline constexpr double kLineHeight = 17;    // of a text line in a node
inline constexpr double kColumnWidth = 7.4;  // of a character, at most (12 px, monospaced)

struct PlacedNode {
  double x = 0, y = 0, width = 0, height = 0;
  std::vector<std::string> lines;  // as they are shown; the first is the title
};

struct PlacedEdge {
  std::vector<std::pair<double, double>> points;  // ends of its straight pieces
  std::string label;                              // as it is shown
  double label_x = 0, label_y = 0;                // of its end, right-aligned
};

struct Band {
  double y = 0, height = 0;  // of a group
};

struct Layout {
  double width = 0, height = 0;
  std::vector<double> stage_x;  // left ends of the columns
  std::vector<Band> bands;      // by group
  std::vector<PlacedNode> nodes;
  std::vector<PlacedEdge> edges;
};

Layout layout_of(const Graph& graph);

}  // namespace autopilot::render
