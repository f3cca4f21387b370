// Calls: which function a name means, which of its overloads fit, what type comes out.

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/expr/check_walk.h"

namespace autopilot::expr {
namespace {

bool holds_json(const Type& type) {
  if (type.kind() == TypeKind::json) return true;
  const auto& parameters = type.parameters();
  return std::any_of(parameters.begin(), parameters.end(), holds_json);
}

// Cheap refusal before any type variable is made. A JSON number is a double, so it is never an int
// or a uint.
bool may_fit(const Type& arg, const Type& param, bool indexing) {
  const TypeKind wanted = param.kind();
  const TypeKind given = arg.kind();
  if (wanted == TypeKind::param || wanted == TypeKind::dyn) return true;
  if (wanted == given) {
    return wanted != TypeKind::list ||
           may_fit(arg.parameters()[0], param.parameters()[0], indexing);
  }
  switch (given) {
    case TypeKind::json:
      return indexing || (wanted != TypeKind::integer && wanted != TypeKind::uinteger);
    case TypeKind::record:
      return wanted == TypeKind::map;
    case TypeKind::dyn:
    case TypeKind::error:
    case TypeKind::param:
    case TypeKind::null:
      return true;
    default:
      return false;
  }
}

// Declared overloads name their type parameters; signatures number them.
class ParamNumbers {
 public:
  Type operator()(const Type& type) {
    if (!type.is_generic()) return type;
    if (type.kind() == TypeKind::param) return number(type.name());
    std::vector<Type> parameters;
    for (const Type& parameter : type.parameters()) parameters.push_back((*this)(parameter));
    switch (type.kind()) {
      case TypeKind::list:
        return Type::list(parameters[0]);
      case TypeKind::map:
        return Type::map(parameters[0], parameters[1]);
      case TypeKind::type:
        return Type::type(parameters[0]);
      default:
        return Type::abstract(type.name(), std::move(parameters));
    }
  }
  std::uint32_t count() const { return static_cast<std::uint32_t>(names_.size()); }

 private:
  Type number(const std::string& name) {
    for (std::uint32_t i = 0; i < names_.size(); ++i) {
      if (names_[i] == name) return Type::variable(i);
    }
    names_.push_back(name);
    return Type::variable(count() - 1);
  }
  std::vector<std::string> names_;
};

Signature to_signature(const Overload& overload) {
  ParamNumbers number;
  Signature signature;
  signature.member = overload.member;
  for (const Type& param : overload.params) signature.params.push_back(number(param));
  signature.result = number(overload.result);
  signature.variables = number.count();
  return signature;
}

}  // namespace

Type Checker::call(NodeId id) {
  Node& node = ast_[id];
  if (node.name == "_&&_" || node.name == "_||_") return logic(id);
  if (node.member) {
    if (auto function = resolver_.qualified_function(node)) {
      return qualified_call(id, *std::move(function));
    }
  }
  auto function = resolver_.function(node.name, node.root);
  if (!function) return undeclared_function(id);
  node.name = function->name;
  for (const NodeId child : node.children) visit(child);
  promote_operands(id);
  return overloads(id, *function);
}

// a.b.f(x) that is the function a.b.f: the receiver was part of its name.
Type Checker::qualified_call(NodeId id, Function function) {
  Node& node = ast_[id];
  node.name = function.name;
  node.member = false;
  node.children.erase(node.children.begin());
  for (const NodeId child : node.children) visit(child);
  promote_operands(id);
  return overloads(id, function);
}

Type Checker::logic(NodeId id) {
  const std::string_view symbol = ast_[id].name == "_&&_" ? "&&" : "||";
  for (const NodeId operand : ast_[id].children) {
    visit(operand);
    want_bool(operand, symbol);
  }
  return Type(TypeKind::boolean);
}

std::vector<Type> Checker::argument_types(NodeId id) const {
  std::vector<Type> args;
  args.reserve(ast_[id].children.size());
  for (const NodeId child : ast_[id].children) args.push_back(unifier_.resolve(types_[child]));
  return args;
}

Type Checker::overloads(NodeId id, const Function& function) {
  const std::vector<Type> args = argument_types(id);
  auto result = match_all(function, ast_[id].member, false, args);
  if (!result) return no_overload(id, function, args);
  if (environment_.validate_literals) validate_literals(id);
  return *std::move(result);
}

std::optional<Type> Checker::match_all(const Function& function, bool member, bool indexing,
                                       const std::vector<Type>& args) {
  std::optional<Type> result;
  if (function.declared != nullptr) {
    for (const Overload& overload : *function.declared) {
      match(to_signature(overload), member, indexing, args, result);
    }
  }
  if (function.standard != nullptr) {
    for (const Signature& signature : *function.standard) {
      match(signature, member, indexing, args, result);
    }
  }
  return result;
}

// Widens `result` by what the overload gives, when it fits: several may, where dyn is among the
// arguments.
void Checker::match(const Signature& signature, bool member, bool indexing,
                    const std::vector<Type>& args, std::optional<Type>& result) {
  if (signature.member != member || signature.params.size() != args.size()) return;
  bool json = false;
  for (std::size_t i = 0; i < args.size(); ++i) {
    if (!may_fit(args[i], signature.params[i], indexing)) return;
    json = json || holds_json(args[i]);
  }
  Type given = signature.result;
  if (signature.variables == 0) {
    if (!unifier_.assignable(args, signature.params)) return;
  } else {
    const std::uint32_t base = unifier_.fresh(signature.variables);
    std::vector<Type> params;
    params.reserve(signature.params.size());
    for (const Type& param : signature.params) params.push_back(renumber(param, base));
    if (!unifier_.assignable(args, params)) return;
    given = unifier_.resolve(renumber(given, base));
  }
  if (!result) {
    result = std::move(given);
  } else if (!result->is_dynamic() && !(*result == given)) {
    const bool number = result->kind() == TypeKind::real || given.kind() == TypeKind::real;
    result = Type(json && number ? TypeKind::json : TypeKind::dyn);
  }
}

}  // namespace autopilot::expr
