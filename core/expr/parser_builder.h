#pragma once
// Where the parser and its macros put nodes: numbers them, bounds the height of the tree, keeps the
// first fault.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/expr/ast.h"

namespace autopilot::expr {

class Builder {
 public:
  Builder(Ast& ast, std::vector<Fault>& faults, int max_height);

  // The new node's id; kNoNode, with a fault, when the tree grows too high.
  NodeId add(Node node);

  // Reports and returns kNoNode. Only the first fault counts: what follows from it would mislead.
  NodeId refuse(std::uint32_t begin, std::uint32_t end, std::string message, std::string help = {});
  NodeId refuse(NodeId id, std::string message, std::string help = {});
  bool failed() const { return !faults_.empty(); }

  Node& operator[](NodeId id) { return ast_[id]; }
  const Node& operator[](NodeId id) const { return ast_[id]; }
  std::string_view text(NodeId id) const;  // as written

 private:
  Ast& ast_;
  std::vector<Fault>& faults_;
  std::vector<std::uint32_t> heights_;  // by NodeId
  std::uint32_t max_height_;
};

}  // namespace autopilot::expr
