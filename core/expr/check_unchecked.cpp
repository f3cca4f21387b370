// Expressions that nobody type-checks: only their names are resolved.

#include <fmt/format.h>

#include <string>
#include <utility>

#include "core/expr/check.h"
#include "core/expr/resolve.h"

namespace autopilot::expr {
namespace {

class NameWalk {
 public:
  NameWalk(Ast& ast, const Environment& environment) : ast_(ast), resolver_(ast, environment) {}

  void visit(NodeId id) {
    switch (ast_[id].kind) {
      case NodeKind::literal:
        return;
      case NodeKind::ident:
        // Whoever evaluates says that it is missing; here it need not exist.
        if (!resolver_.ident(id)) ast_[id].root = true;
        return;
      case NodeKind::select:
        return select(id);
      case NodeKind::call:
        return call(id);
      case NodeKind::comprehension:
      case NodeKind::bind:
      case NodeKind::block:
        return scope(id);
      case NodeKind::index:
      case NodeKind::list:
      case NodeKind::map:
        return children(id, 0);
    }
  }

 private:
  void children(NodeId id, std::size_t first) {
    for (std::size_t i = first; i < ast_[id].children.size(); ++i) visit(ast_[id].children[i]);
  }

  // The whole chain is resolved at its outermost selection; inner ones are only walked.
  void select(NodeId id) {
    resolver_.chain(id);
    while (ast_[id].kind == NodeKind::select && !ast_[id].test && !ast_[id].optional) {
      id = ast_[id].children[0];
    }
    if (ast_[id].kind == NodeKind::select) id = ast_[id].children[0];
    visit(id);
  }

  void call(NodeId id) {
    Node& node = ast_[id];
    const auto function =
        node.member ? resolver_.qualified_function(node) : resolver_.function(node.name, node.root);
    if (function) node.name = function->name;
    if (function && node.member) {
      node.member = false;
      node.children.erase(node.children.begin());
    }
    children(id, 0);
  }

  // The first child is outside the scope that the node opens; each slot of a block sees those
  // before it.
  void scope(NodeId id) {
    const Node& node = ast_[id];
    const std::size_t count = node.children.size();
    std::size_t locals = 0;
    const auto push = [&](std::string name) {
      resolver_.push(std::move(name), Type());
      ++locals;
    };
    visit(node.children[0]);
    if (node.kind == NodeKind::block) {
      for (std::size_t i = 1; i < count; ++i) {
        push(fmt::format("@index{}", i - 1));
        visit(node.children[i]);
      }
    } else {
      push(node.name);
      if (!node.name2.empty()) push(node.name2);
      children(id, 1);
    }
    resolver_.pop(locals);
  }

  Ast& ast_;
  Resolver resolver_;
};

}  // namespace

CheckedExpr leave_unchecked(Ast ast, const Environment& environment) {
  CheckedExpr result;
  result.ast = std::move(ast);
  NameWalk(result.ast, environment).visit(result.ast.root);
  result.types.resize(result.ast.nodes.size());
  return result;
}

}  // namespace autopilot::expr
