#include "core/render/graph_layout.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "core/base/text.h"
#include "core/render/text.h"

namespace autopilot::render {
namespace {

constexpr std::size_t kNodeColumns = 34;   // longest line of a node
constexpr std::size_t kLabelColumns = 28;  // longest label of an edge
constexpr double kMargin = 24;
constexpr double kTop = 84;      // room for the title and the stages' headings
constexpr double kPadding = 9;   // inside of a node
constexpr double kBetween = 12;  // nodes of one column
constexpr double kLane = 12;     // of a line that passes a column
constexpr double kTurn = 8;      // between lines that turn between two columns
constexpr double kPort = 20;     // between lines that end at one node; holds a label
constexpr double kGap = 22;      // between columns, at least
constexpr double kBandMargin = 12;
constexpr double kTitleColumn = 9.4;  // of a character of the title, at most

double text_width(std::string_view text) {
  return std::ceil(static_cast<double>(display_width(text)) * kColumnWidth);
}

// What stands in a column of a band: a node, or the lane of a line that passes.
struct Item {
  std::size_t node = 0;  // the node, or where the line comes from
  bool lane = false;
  double y = 0, height = 0;
};

class Layouter {
 public:
  explicit Layouter(const Graph& graph) : graph_(graph) {}

  Layout make() {
    measure();
    stack();
    spread();
    route();
    return std::move(out_);
  }

 private:
  using Cell = std::pair<std::size_t, std::size_t>;  // group, stage

  void measure() {
    for (const GraphEdge& edge : graph_.edges) {
      ++arriving_[edge.to];
      const std::size_t from = graph_.nodes[edge.from].stage;
      reach_[edge.from] = std::max(reach_[edge.from], graph_.nodes[edge.to].stage);
      starts_[edge.from] = from;
    }
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
      const GraphNode& node = graph_.nodes[i];
      PlacedNode placed;
      placed.lines.push_back(shortened(visible(node.title()), kNodeColumns));
      for (const std::string* line : {&node.text, &node.detail}) {
        if (!line->empty()) placed.lines.push_back(shortened(visible(*line), kNodeColumns));
      }
      for (const std::string& line : placed.lines)
        placed.width = std::max(placed.width, text_width(line) + 2 * kPadding);
      placed.width += 14;  // the mark of its state
      const double text = kLineHeight * static_cast<double>(placed.lines.size()) + 2 * kPadding;
      placed.height = std::max(text, kPort * static_cast<double>(arriving_[i]) + kPadding);
      out_.nodes.push_back(std::move(placed));
    }
  }

  // Nodes and lanes of each cell from top to bottom; bands are as high as their fullest column.
  void stack() {
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
      const GraphNode& node = graph_.nodes[i];
      cells_[{node.group, node.stage}].push_back({i, false, 0, out_.nodes[i].height});
    }
    for (const auto& [from, last] : reach_) {
      const GraphNode& node = graph_.nodes[from];
      for (std::size_t stage = node.stage + 1; stage < last; ++stage)
        cells_[{node.group, stage}].push_back({from, true, 0, kLane});
    }
    double y = kTop;
    for (std::size_t group = 0; group < graph_.groups.size(); ++group) {
      double bottom = y + kBandMargin;
      for (std::size_t stage = 0; stage < graph_.stages.size(); ++stage)
        bottom = std::max(bottom, stack(cells_[{group, stage}], y + kBandMargin));
      out_.bands.push_back({y, bottom - y});
      y = bottom + kBetween;
    }
    out_.height = y + kMargin - kBetween;
  }

  double stack(std::vector<Item>& items, double y) {
    for (Item& item : items) {
      item.y = y;
      if (!item.lane) out_.nodes[item.node].y = y;
      y += item.height + (item.lane ? 2 : kBetween);
    }
    return y;
  }

  // Columns from left to right: in front of each the turns of the lines that end or pass there,
  // then the labels of those that end.
  void spread() {
    double x = kMargin;
    for (std::size_t stage = 0; stage < graph_.stages.size(); ++stage) {
      double label = 0;
      std::size_t turns = 0;
      for (const GraphEdge& edge : graph_.edges) {
        if (graph_.nodes[edge.to].stage == stage)
          label = std::max(label, text_width(shown_label(edge)));
      }
      for (const auto& [from, last] : reach_) {
        if (starts_[from] < stage && last >= stage) turn_[{from, stage}] = turns++;
      }
      if (stage > 0) {
        turn_x_.push_back(x + kGap / 2);
        x += kGap + kTurn * static_cast<double>(turns) + (label > 0 ? label + 26 : 10);
      } else {
        turn_x_.push_back(0);
      }
      out_.stage_x.push_back(x);
      double width = text_width(graph_.stages[stage]) * 1.1;
      for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
        if (graph_.nodes[i].stage == stage) width = std::max(width, out_.nodes[i].width);
      }
      for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
        if (graph_.nodes[i].stage != stage) continue;
        out_.nodes[i].x = x;
        out_.nodes[i].width = width;
      }
      x += width;
    }
    const double title = static_cast<double>(display_width(graph_.title)) * kTitleColumn;
    out_.width = std::max(x, kMargin + title) + kMargin;
  }

  static std::string shown_label(const GraphEdge& edge) {
    return shortened(visible(edge.label), kLabelColumns);
  }

  double lane_y(std::size_t from, std::size_t stage) const {
    const auto cell = cells_.find({graph_.nodes[from].group, stage});
    for (const Item& item : cell->second) {
      if (item.lane && item.node == from) return item.y + kLane / 2;
    }
    return 0;
  }

  void route() {
    std::map<std::size_t, std::size_t> port;
    for (const GraphEdge& edge : graph_.edges) {
      const PlacedNode& from = out_.nodes[edge.from];
      const PlacedNode& to = out_.nodes[edge.to];
      const std::size_t last = graph_.nodes[edge.to].stage;
      PlacedEdge placed;
      double y = from.y + from.height / 2;
      placed.points.emplace_back(from.x + from.width, y);
      for (std::size_t stage = graph_.nodes[edge.from].stage + 1; stage <= last; ++stage) {
        const double x = turn_x_[stage] + kTurn * static_cast<double>(turn_.at({edge.from, stage}));
        const double next = stage == last ? port_y(to, arriving_[edge.to], port[edge.to]++)
                                          : lane_y(edge.from, stage);
        placed.points.emplace_back(x, y);
        placed.points.emplace_back(x, next);
        y = next;
      }
      placed.points.emplace_back(to.x, y);
      placed.label = shown_label(edge);
      placed.label_x = to.x - 14;
      placed.label_y = y - 4;
      out_.edges.push_back(std::move(placed));
    }
  }

  static double port_y(const PlacedNode& node, std::size_t count, std::size_t index) {
    const double all = kPort * static_cast<double>(count);
    return node.y + (node.height - all) / 2 + kPort * (static_cast<double>(index) + 0.5) + 3;
  }

  const Graph& graph_;
  Layout out_;
  std::map<std::size_t, std::size_t> arriving_;  // edges, by node
  std::map<std::size_t, std::size_t> reach_;     // last stage that edges of a node go to
  std::map<std::size_t, std::size_t> starts_;    // its own stage
  std::map<Cell, std::vector<Item>> cells_;
  std::map<std::pair<std::size_t, std::size_t>, std::size_t>
      turn_;  // node, stage in front of which
  std::vector<double> turn_x_;
};

}  // namespace

Layout layout_of(const Graph& graph) { return Layouter(graph).make(); }

}  // namespace autopilot::render
