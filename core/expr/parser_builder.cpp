#include "core/expr/parser_builder.h"

#include <fmt/format.h>

#include <algorithm>

namespace autopilot::expr {

Builder::Builder(Ast& ast, std::vector<Fault>& faults, int max_height)
    : ast_(ast), faults_(faults), max_height_(static_cast<std::uint32_t>(std::max(1, max_height))) {
  // A guess that spares most expressions a second allocation: a node takes about four characters.
  const std::size_t nodes = ast.source.size() / 4 + 4;
  ast_.nodes.reserve(nodes);
  heights_.reserve(nodes);
}

NodeId Builder::add(Node node) {
  std::uint32_t height = 0;
  for (const NodeId child : node.children) {
    if (child == kNoNode) return kNoNode;
    height = std::max(height, heights_[child]);
  }
  if (++height > max_height_) {
    return refuse(node.at, node.at + 1,
                  fmt::format("this expression nests deeper than {} levels", max_height_),
                  "split it into several rules");
  }
  heights_.push_back(height);
  ast_.nodes.push_back(std::move(node));
  return static_cast<NodeId>(ast_.nodes.size() - 1);
}

NodeId Builder::refuse(std::uint32_t begin, std::uint32_t end, std::string message,
                       std::string help) {
  if (!failed()) faults_.push_back({begin, end, std::move(message), std::move(help)});
  return kNoNode;
}

NodeId Builder::refuse(NodeId id, std::string message, std::string help) {
  return refuse(ast_[id].begin, ast_[id].end, std::move(message), std::move(help));
}

std::string_view Builder::text(NodeId id) const {
  return std::string_view(ast_.source).substr(ast_[id].begin, ast_[id].end - ast_[id].begin);
}

}  // namespace autopilot::expr
