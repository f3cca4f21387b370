// Which parts of an expression are inputs: metrics.cvr_1h becomes one slot, not a variable and a
// look-up. Records are like messages: has(action.data.a.b) is false when any step is missing, while
// in a map or JSON variable only the last step may be.

#include <algorithm>

#include "core/base/text.h"
#include "core/expr/compile.h"
#include "core/expr/input_path.h"

namespace autopilot::expr {

const Compiler::Local* Compiler::local(const Node& ident) const {
  if (ident.root) return nullptr;
  const auto found = std::find_if(locals_.rbegin(), locals_.rend(),
                                  [&](const Local& l) { return l.name == ident.name; });
  return found == locals_.rend() ? nullptr : &*found;
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
  const auto path = input_path(checked_, id, type);
  if (!path) return std::nullopt;
  return use_slot(*path);
}

std::optional<Operand> Compiler::optional_slot(NodeId id) {
  const Node& n = node(id);
  if (n.kind != NodeKind::select || !n.optional) return std::nullopt;
  Type type;
  auto path = input_path(checked_, n.children[0], type);
  if (!path) return std::nullopt;
  if (type.kind() != TypeKind::record && (type.kind() != TypeKind::json || path->size() < 2))
    return std::nullopt;
  path->push_back(n.name);
  return use_slot(*path);
}

}  // namespace autopilot::expr
