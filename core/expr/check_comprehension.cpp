// Macros with variables: what the variables are, what the bodies must be, what comes out.

#include <fmt/format.h>

#include <utility>

#include "core/expr/check_walk.h"

namespace autopilot::expr {

void Checker::want_bool(NodeId id, std::string_view where) {
  if (unifier_.assignable(types_[id], Type(TypeKind::boolean))) return;
  const Type type = unifier_.resolve(types_[id], true);
  fault(id, fmt::format("{} needs a bool, not {}", where, type.text()));
}

void Checker::want_sortable(NodeId id) {
  const Type type = unifier_.resolve(types_[id], true);
  switch (type.kind()) {
    case TypeKind::null:
    case TypeKind::list:
    case TypeKind::map:
    case TypeKind::type:
    case TypeKind::abstract:
    case TypeKind::record:
      fault(id, fmt::format("{} has no order to sort by", type.text()));
      break;
    default:
      break;
  }
}

// What one or two variables range over: elements; or keys; or index and element; or key and value.
bool Checker::range_types(NodeId id, const Type& range, Type& first, Type& second) {
  const bool two = !ast_[id].name2.empty();
  switch (range.kind()) {
    case TypeKind::list:
      first = two ? Type(TypeKind::integer) : range.parameters()[0];
      second = range.parameters()[0];
      return true;
    case TypeKind::map:
      first = range.parameters()[0];
      second = range.parameters()[1];
      return true;
    case TypeKind::record:
      first = Type(TypeKind::string);
      second = Type(TypeKind::json);
      return true;
    case TypeKind::json:
      first = two ? Type() : range;
      second = range;
      return true;
    case TypeKind::param:
      unifier_.assignable(Type(), range);
      return true;
    case TypeKind::dyn:
      return true;
    case TypeKind::error:
      first = second = range;
      return true;
    default:
      return false;
  }
}

Type Checker::comprehension(NodeId id) {
  const Macro macro = ast_[id].macro;
  if (macro == Macro::opt_map || macro == Macro::opt_flat_map) return optional_macro(id);
  const NodeId range_id = ast_[id].children[0];
  const Type range = unifier_.resolve(visit(range_id));
  Type first, second;
  if (!range_types(id, range, first, second)) {
    fault(range_id, fmt::format("{} is {}: only lists and maps can be gone through", text(range_id),
                                range.text()));
    first = second = Type(TypeKind::error);
  }
  resolver_.push(ast_[id].name, first);
  const bool two = !ast_[id].name2.empty();
  if (two) resolver_.push(ast_[id].name2, second);
  for (std::size_t i = 1; i < ast_[id].children.size(); ++i) visit(ast_[id].children[i]);
  resolver_.pop(two ? 2 : 1);
  return comprehension_result(id, first);
}

Type Checker::comprehension_result(NodeId id, const Type& first) {
  const std::vector<NodeId>& children = ast_[id].children;
  const NodeId body = children.back();
  const bool filtered = children.size() == 3;
  if (filtered) want_bool(children[1], "the filter");
  switch (ast_[id].macro) {
    case Macro::all:
    case Macro::exists:
    case Macro::exists_one:
      want_bool(body, "the condition");
      return Type(TypeKind::boolean);
    case Macro::filter:
      want_bool(body, "the condition");
      return Type::list(first);
    case Macro::map:
    case Macro::transform_list:
      return Type::list(types_[body]);
    case Macro::transform_map:
      return Type::map(first, types_[body]);
    case Macro::sort_by:
      want_sortable(body);
      return Type::list(first);
    case Macro::transform_entry:
      break;
    case Macro::opt_map:
    case Macro::opt_flat_map:
      return Type(TypeKind::error);
  }
  Type entry = Type::map(unifier_.fresh_variable(), unifier_.fresh_variable());
  if (unifier_.assignable(types_[body], entry)) return unifier_.resolve(entry);
  fault(body,
        fmt::format("transformMapEntry() needs a map, not {}",
                    unifier_.resolve(types_[body], true).text()),
        "write the entry as {key: value}");
  return Type(TypeKind::error);
}

Type Checker::optional_macro(NodeId id) {
  const bool flat = ast_[id].macro == Macro::opt_flat_map;
  const std::string_view macro = flat ? "optFlatMap()" : "optMap()";
  const NodeId target = ast_[id].children[0];
  const NodeId body = ast_[id].children[1];
  const Type value = unifier_.fresh_variable();
  if (!unifier_.assignable(visit(target), Type::optional(value))) {
    fault(target, fmt::format("{} needs an optional, not {}", macro,
                              unifier_.resolve(types_[target], true).text()));
  }
  resolver_.push(ast_[id].name, unifier_.resolve(value));
  const Type type = unifier_.resolve(visit(body));
  resolver_.pop(1);
  if (!flat) return Type::optional(type);
  if (type.is_optional() || unifier_.assignable(type, Type::optional(unifier_.fresh_variable()))) {
    return type;
  }
  fault(body, fmt::format("optFlatMap() needs an optional, not {}", type.text()),
        "write optMap() when the body is a plain value");
  return Type(TypeKind::error);
}

}  // namespace autopilot::expr
