#include "core/expr/check.h"

#include <fmt/format.h>

#include <utility>

#include "core/expr/check_walk.h"

namespace autopilot::expr {
namespace {

Type literal_type(const Literal& literal) {
  constexpr TypeKind kKinds[] = {TypeKind::null,     TypeKind::boolean, TypeKind::integer,
                                 TypeKind::uinteger, TypeKind::real,    TypeKind::string,
                                 TypeKind::bytes};
  return Type(kKinds[literal.index()]);
}

// A map key of any other type fails when evaluated; dyn keeps the types of nested maps small.
bool is_key_type(const Type& type) {
  switch (type.kind()) {
    case TypeKind::list:
    case TypeKind::map:
    case TypeKind::abstract:
    case TypeKind::record:
    case TypeKind::type:
      return false;
    default:
      return true;
  }
}

const std::string* string_literal(const Node& node) {
  return node.kind == NodeKind::literal ? std::get_if<std::string>(&node.literal) : nullptr;
}

}  // namespace

Checker::Checker(CheckedExpr& expression, const Environment& environment)
    : ast_(expression.ast),
      types_(expression.types),
      faults_(expression.faults),
      environment_(environment),
      resolver_(expression.ast, environment) {}

void Checker::run() {
  types_.resize(ast_.nodes.size());
  visit(ast_.root);
  for (Type& type : types_) {
    if (type.is_generic()) type = unifier_.resolve(type, true);
  }
}

Type Checker::visit(NodeId id, bool outermost) {
  Type type = visit_node(id, outermost);
  types_[id] = type;
  return type;
}

Type Checker::visit_node(NodeId id, bool outermost) {
  switch (ast_[id].kind) {
    case NodeKind::literal:
      return literal_type(ast_[id].literal);
    case NodeKind::ident:
      return ident(id);
    case NodeKind::select:
      return select(id, outermost);
    case NodeKind::index:
      return index(id);
    case NodeKind::call:
      return call(id);
    case NodeKind::list:
      return list(id);
    case NodeKind::map:
      return map(id);
    case NodeKind::comprehension:
      return comprehension(id);
    case NodeKind::bind:
      return bind(id);
    case NodeKind::block:
      return block(id);
  }
  return Type(TypeKind::error);
}

Type Checker::ident(NodeId id) {
  if (auto type = resolver_.ident(id)) return *std::move(type);
  undeclared_name(id);
  return Type(TypeKind::error);
}

Type Checker::select(NodeId id, bool outermost) {
  const bool plain = !ast_[id].test && !ast_[id].optional;
  if (plain && outermost) {
    resolver_.chain(id);
    if (ast_[id].kind == NodeKind::ident) return ident(id);
  }
  // Operands of a plain selection belong to the chain that was just looked up. It ends at the name
  // that was found.
  const NodeId operand = ast_[id].children[0];
  Type target = ast_[operand].kind == NodeKind::ident ? visit(operand) : visit(operand, !plain);
  target = unifier_.resolve(target);
  const bool is_optional = target.is_optional();
  Type result = field(id, is_optional ? target.parameters()[0] : target);
  if (ast_[id].test) return Type(TypeKind::boolean);
  return is_optional || ast_[id].optional ? Type::optional(std::move(result)) : result;
}

Type Checker::field(NodeId id, const Type& target) {
  switch (target.kind()) {
    case TypeKind::map:
      return target.parameters()[1];
    case TypeKind::record:
      return record_field(id, target, ast_[id].name);
    case TypeKind::param:
      unifier_.assignable(Type(), target);
      return Type();
    case TypeKind::dyn:
    case TypeKind::json:
    case TypeKind::error:
      return target;
    default:
      break;
  }
  std::string help;
  if (standard_function(ast_[id].name) != nullptr) {
    help = fmt::format("write {}.{}()", text(ast_[id].children[0]), ast_[id].name);
  }
  fault_at_name(id,
                fmt::format("{} is {}, which has no fields", text(ast_[id].children[0]),
                            unifier_.resolve(target, true).text()),
                std::move(help));
  return Type(TypeKind::error);
}

Type Checker::record_field(NodeId id, const Type& record, const std::string& name) {
  if (const Type* type = record.field(name)) return *type;
  if (record.is_open()) return Type(TypeKind::json);
  no_field(id, record, name);
  return Type(TypeKind::error);
}

Type Checker::index(NodeId id) {
  const NodeId operand = ast_[id].children[0];
  const NodeId key = ast_[id].children[1];
  const Type target = unifier_.resolve(visit(operand));
  const Type key_type = unifier_.resolve(visit(key));
  const bool is_optional = target.is_optional();
  const Type& inner = is_optional ? target.parameters()[0] : target;

  std::optional<Type> result;
  if (inner.kind() == TypeKind::record) {
    const std::string* name = string_literal(ast_[key]);
    if (name != nullptr) result = record_field(id, inner, *name);
  } else if (inner.is_dynamic() || inner.kind() == TypeKind::error) {
    result = inner;
  }
  if (result) {
    return is_optional || ast_[id].optional ? Type::optional(*std::move(result)) : *result;
  }
  const std::string_view name = ast_[id].optional ? "_[?_]" : "_[_]";
  const Function function{std::string(name), nullptr, standard_function(name)};
  const std::vector<Type> args = {target, key_type};
  result = match_all(function, false, true, args);
  return result ? *std::move(result) : no_overload(id, function, args);
}

// The type of a list element, or of an entry's value.
Type Checker::element(NodeId id, bool optional) {
  const Type type = unifier_.resolve(types_[id]);
  if (!optional) return type;
  if (type.is_optional()) return type.parameters()[0];
  if (!type.is_dynamic() && type.kind() != TypeKind::error) {
    fault(id, fmt::format("an entry marked with ? needs an optional, not {}", type.text()),
          fmt::format("write optional.of({}), or leave the ? away", text(id)));
  }
  return type;
}

Type Checker::join(const std::optional<Type>& before, const Type& next) {
  if (!before) return next;
  return unifier_.assignable(*before, next) ? most_general(*before, next) : Type();
}

Type Checker::list(NodeId id) {
  const Node& node = ast_[id];
  std::optional<Type> elements;
  for (std::size_t i = 0; i < node.children.size(); ++i) {
    visit(node.children[i]);
    elements = join(elements, element(node.children[i], !node.marks.empty() && node.marks[i]));
  }
  return Type::list(elements ? *std::move(elements) : unifier_.fresh_variable());
}

Type Checker::map(NodeId id) {
  const Node& node = ast_[id];
  std::optional<Type> keys, values;
  for (std::size_t i = 0; i + 1 < node.children.size(); i += 2) {
    const Type key = unifier_.resolve(visit(node.children[i]));
    keys = join(keys, is_key_type(key) ? key : Type());
    visit(node.children[i + 1]);
    const bool optional = !node.marks.empty() && node.marks[i / 2];
    values = join(values, element(node.children[i + 1], optional));
  }
  Type key = keys ? *std::move(keys) : unifier_.fresh_variable();
  return Type::map(std::move(key), values ? *std::move(values) : unifier_.fresh_variable());
}

Type Checker::bind(NodeId id) {
  const NodeId value = ast_[id].children[0];
  const NodeId body = ast_[id].children[1];
  Type type = visit(value);
  resolver_.push(ast_[id].name, std::move(type));
  type = visit(body);
  resolver_.pop(1);
  return type;
}

Type Checker::block(NodeId id) {
  const Node& node = ast_[id];
  const std::size_t slots = node.children.size() - 1;
  for (std::size_t i = 0; i < slots; ++i) {
    resolver_.push(fmt::format("@index{}", i), visit(node.children[i]));
  }
  Type type = visit(node.children[slots]);
  resolver_.pop(slots);
  return type;
}

CheckedExpr check(Ast ast, const Environment& environment) {
  CheckedExpr result;
  result.ast = std::move(ast);
  Checker(result, environment).run();
  return result;
}

}  // namespace autopilot::expr
