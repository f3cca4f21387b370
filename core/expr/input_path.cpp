#include "core/expr/input_path.h"

namespace autopilot::expr {
namespace {

// The constant field that a select or an index means; null when it is neither.
const std::string* field_of(const Ast& ast, const Node& node) {
  if (node.kind == NodeKind::select && !node.test && !node.optional) return &node.name;
  if (node.kind != NodeKind::index || node.optional) return nullptr;
  const Node& key = ast[node.children[1]];
  return key.kind == NodeKind::literal ? std::get_if<std::string>(&key.literal) : nullptr;
}

}  // namespace

std::optional<Path> input_path(const CheckedExpr& checked, NodeId id, Type& type) {
  const Node& n = checked.ast[id];
  if (n.kind == NodeKind::ident) {
    if (n.is_type || !n.root) return std::nullopt;
    type = checked.types[id];
    return Path{n.name};
  }
  const std::string* field = field_of(checked.ast, n);
  if (field == nullptr) return std::nullopt;
  Type object;
  auto path = input_path(checked, n.children[0], object);
  if (!path) return std::nullopt;
  if (object.kind() == TypeKind::record) {
    const Type* declared = object.field(*field);
    type = declared != nullptr ? *declared : Type(TypeKind::json);
  } else if (object.kind() == TypeKind::json && path->size() > 1) {
    type = object;
  } else {
    return std::nullopt;
  }
  path->push_back(*field);
  return path;
}

}  // namespace autopilot::expr
