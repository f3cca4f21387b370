// Which parts of an expression are inputs: metrics.cvr_1h becomes one slot, not a variable and a
// look-up. Records are like messages: has(action.data.a.b) is false when any step is missing, while
// in a map or JSON variable only the last step may be.

#include <algorithm>

#include "core/base/text.h"
#include "core/expr/compile.h"

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

const Compiler::Local* Compiler::local(const Node& ident) const {
  if (ident.root) return nullptr;
  const auto found = std::find_if(locals_.rbegin(), locals_.rend(),
                                  [&](const Local& l) { return l.name == ident.name; });
  return found == locals_.rend() ? nullptr : &*found;
}

// The path of an input, and its declared type; null when the node is none. Paths go on as long as
// the shape is known to be a record, and through JSON below one.
std::optional<Path> Compiler::path_of(NodeId id, Type& type) const {
  const Node& n = node(id);
  if (n.kind == NodeKind::ident) {
    if (n.is_type || local(n) != nullptr) return std::nullopt;
    type = checked_.types[id];
    return Path{n.name};
  }
  const std::string* field = field_of(checked_.ast, n);
  if (field == nullptr) return std::nullopt;
  Type object;
  auto path = path_of(n.children[0], object);
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

Operand Compiler::use_slot(const Path& path) {
  const int slot = slots_.slot(path);
  if (std::find(parts_.slots.begin(), parts_.slots.end(), slot) == parts_.slots.end()) {
    parts_.slots.push_back(slot);
    parts_.slot_names.push_back({join(path, "."), path.back(), path.size() == 1});
  }
  return Operand::of(Where::slot, static_cast<std::uint32_t>(slot));
}

std::optional<Operand> Compiler::slot_of(NodeId id) {
  Type type;
  const auto path = path_of(id, type);
  if (!path) return std::nullopt;
  return use_slot(*path);
}

std::optional<Operand> Compiler::optional_slot(NodeId id) {
  const Node& n = node(id);
  if (n.kind != NodeKind::select || !n.optional) return std::nullopt;
  Type type;
  auto path = path_of(n.children[0], type);
  if (!path) return std::nullopt;
  if (type.kind() != TypeKind::record && (type.kind() != TypeKind::json || path->size() < 2))
    return std::nullopt;
  path->push_back(n.name);
  return use_slot(*path);
}

}  // namespace autopilot::expr
