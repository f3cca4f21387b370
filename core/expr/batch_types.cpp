#include <fmt/format.h>

#include <array>

#include "core/base/error.h"
#include "core/expr/batch.h"

namespace autopilot::expr {
namespace {

struct SimpleType {
  std::string_view name;
  TypeKind kind;
};
constexpr std::array<SimpleType, 11> kSimpleTypes{{{"dyn", TypeKind::dyn},
                                                   {"null_type", TypeKind::null},
                                                   {"bool", TypeKind::boolean},
                                                   {"int", TypeKind::integer},
                                                   {"uint", TypeKind::uinteger},
                                                   {"double", TypeKind::real},
                                                   {"string", TypeKind::string},
                                                   {"bytes", TypeKind::bytes},
                                                   {"timestamp", TypeKind::timestamp},
                                                   {"duration", TypeKind::duration},
                                                   {"error", TypeKind::error}}};

[[noreturn]] void refuse_type(const std::string& what) {
  throw Error(ErrorKind::invalid, "malformed type: " + what);
}

Type simple_type(const std::string& name) {
  for (const SimpleType& known : kSimpleTypes) {
    if (known.name == name) return Type(known.kind);
  }
  if (name == "any") return Type();
  if (name == "list") return Type::list(Type());
  if (name == "map") return Type::map(Type(), Type());
  if (name == "type") return Type::type(Type());
  refuse_type(fmt::format("unknown type '{}'", name));
}

std::vector<Type> untag_types(const Value& list) {
  if (!list.is_list()) refuse_type("a list of types");
  std::vector<Type> types;
  for (const Value& item : list.as_list()) types.push_back(untag_type(item));
  return types;
}

List tag_types(const std::vector<Type>& types) {
  List list;
  for (const Type& type : types) list.push_back(tag_type(type));
  return list;
}

}  // namespace

Type untag_type(const Value& tagged) {
  if (tagged.is_string()) return simple_type(tagged.as_string());
  if (const Value* element = tagged.get("list")) return Type::list(untag_type(*element));
  if (const Value* named = tagged.get("type")) return Type::type(untag_type(*named));
  if (const Value* name = tagged.get("param"); name != nullptr && name->is_string()) {
    return Type::param(name->as_string());
  }
  if (const Value* both = tagged.get("map")) {
    const std::vector<Type> types = untag_types(*both);
    if (types.size() != 2) refuse_type("a map has two");
    return Type::map(types[0], types[1]);
  }
  const Value* name = tagged.get("abstract");
  if (name == nullptr || !name->is_string()) refuse_type("neither a name nor a constructor");
  const Value* parameters = tagged.get("params");
  return Type::abstract(name->as_string(),
                        parameters == nullptr ? std::vector<Type>() : untag_types(*parameters));
}

Value tag_type(const Type& type) {
  for (const SimpleType& known : kSimpleTypes) {
    if (known.kind == type.kind()) return known.name;
  }
  Map out;
  switch (type.kind()) {
    case TypeKind::list:
      out.append("list", tag_type(type.parameters().at(0)));
      break;
    case TypeKind::map:
      out.append("map", tag_types(type.parameters()));
      break;
    case TypeKind::type:
      out.append("type", type.parameters().empty() ? Value("dyn") : tag_type(type.parameters()[0]));
      break;
    case TypeKind::param:
      out.append("param", type.name());
      break;
    case TypeKind::abstract:
      out.append("abstract", type.name());
      out.append("params", tag_types(type.parameters()));
      break;
    default:
      return "dyn";  // records and JSON have no name in this format
  }
  return out;
}

}  // namespace autopilot::expr
