// An int literal beside a double or a JSON value is meant as a double: `metrics.cvr_1h < 1` need
// not say 1.0.

#include <cstdint>
#include <variant>

#include "core/expr/check_walk.h"

namespace autopilot::expr {
namespace {

bool takes_two_numbers(std::string_view name) {
  return name == "_+_" || name == "_-_" || name == "_*_" || name == "_/_" || name == "_==_" ||
         name == "_!=_" || name == "_<_" || name == "_<=_" || name == "_>_" || name == "_>=_";
}

}  // namespace

bool Checker::holds_double(NodeId id, bool literals_too) const {
  const TypeKind kind = unifier_.resolve(types_[id]).kind();
  const bool literal = ast_[id].kind == NodeKind::literal;
  return kind == TypeKind::json || (kind == TypeKind::real && (literals_too || !literal));
}

// 5, -5, -(5), c ? 1 : 0.
bool Checker::is_promotable(NodeId id) const {
  const Node& node = ast_[id];
  if (node.kind == NodeKind::literal) return std::holds_alternative<std::int64_t>(node.literal);
  if (node.kind != NodeKind::call) return false;
  if (node.name == "-_") return is_promotable(node.children[0]);
  return node.name == "_?_:_" && is_promotable(node.children[1]) && is_promotable(node.children[2]);
}

// REQUIRES is_promotable(id).
void Checker::promote(NodeId id) {
  Node& node = ast_[id];
  types_[id] = Type(TypeKind::real);
  if (node.kind == NodeKind::literal) {
    node.literal = static_cast<double>(std::get<std::int64_t>(node.literal));
    return;
  }
  for (std::size_t i = node.name == "-_" ? 0 : 1; i < node.children.size(); ++i) {
    promote(node.children[i]);
  }
}

void Checker::promote_beside(NodeId other, NodeId literal, bool literals_too) {
  if (is_promotable(literal) && holds_double(other, literals_too)) promote(literal);
}

// `list` is a list literal; its type is joined anew.
void Checker::promote_elements(NodeId list) {
  std::optional<Type> elements;
  for (std::size_t i = 0; i < ast_[list].children.size(); ++i) {
    const NodeId child = ast_[list].children[i];
    if (is_promotable(child)) promote(child);
    const Type type = unifier_.resolve(types_[child]);
    const bool optional = !ast_[list].marks.empty() && ast_[list].marks[i] && type.is_optional();
    elements = join(elements, optional ? type.parameters()[0] : type);
  }
  if (elements) types_[list] = Type::list(*std::move(elements));
}

void Checker::promote_operands(NodeId id) {
  const Node& node = ast_[id];
  const std::vector<NodeId>& operands = node.children;
  const bool extreme = node.name == "math.@max" || node.name == "math.@min";
  if (operands.size() == 2 && (extreme || takes_two_numbers(node.name))) {
    // math.greatest(1, 2.0) compares literals of different types, and they keep them.
    promote_beside(operands[0], operands[1], !extreme);
    promote_beside(operands[1], operands[0], !extreme);
  } else if (operands.size() == 1 && extreme && ast_[operands[0]].kind == NodeKind::list) {
    for (const NodeId element : ast_[operands[0]].children) {
      if (holds_double(element, false)) return promote_elements(operands[0]);
    }
  } else if (operands.size() == 3 && node.name == "_?_:_") {
    promote_beside(operands[1], operands[2], true);
    promote_beside(operands[2], operands[1], true);
  } else if (operands.size() == 2 && node.name == "@in") {
    if (ast_[operands[1]].kind == NodeKind::list && holds_double(operands[0], true)) {
      promote_elements(operands[1]);
    }
  } else if (operands.size() == 2 && node.member && node.name == "orValue") {
    const Type receiver = unifier_.resolve(types_[operands[0]]);
    const Type value = receiver.is_optional() ? receiver.parameters()[0] : receiver;
    const bool number = value.kind() == TypeKind::json || value.kind() == TypeKind::real;
    if (number && is_promotable(operands[1])) promote(operands[1]);
  }
}

}  // namespace autopilot::expr
