#include "core/expr/type.h"

#include <algorithm>
#include <array>
#include <string>

namespace autopilot::expr {
namespace {

constexpr std::size_t kSimpleKinds = static_cast<std::size_t>(TypeKind::error) + 1;
constexpr std::uint32_t kPooledVariables = 64;  // made once; a condition seldom needs more

std::string_view simple_name(TypeKind kind) {
  switch (kind) {
    case TypeKind::dyn:
      return "dyn";
    case TypeKind::json:
      return "json";
    case TypeKind::null:
      return "null_type";
    case TypeKind::boolean:
      return "bool";
    case TypeKind::integer:
      return "int";
    case TypeKind::uinteger:
      return "uint";
    case TypeKind::real:
      return "double";
    case TypeKind::string:
      return "string";
    case TypeKind::bytes:
      return "bytes";
    case TypeKind::timestamp:
      return "timestamp";
    case TypeKind::duration:
      return "duration";
    case TypeKind::list:
      return "list";
    case TypeKind::map:
      return "map";
    case TypeKind::type:
      return "type";
    case TypeKind::abstract:
      return "abstract";
    case TypeKind::record:
      return "record";
    case TypeKind::param:
      return "dyn";
    case TypeKind::error:
      return "error";
  }
  return "dyn";
}

}  // namespace

Type::Type() : Type(TypeKind::dyn) {}

Type::Type(TypeKind simple) {
  static const auto pool = [] {
    std::array<std::shared_ptr<const Rep>, kSimpleKinds> reps;
    for (std::size_t i = 0; i < kSimpleKinds; ++i) {
      auto rep = std::make_shared<Rep>();
      rep->kind = static_cast<TypeKind>(i);
      rep->generic = rep->kind == TypeKind::param;
      reps[i] = std::move(rep);
    }
    return reps;
  }();
  rep_ = pool[static_cast<std::size_t>(simple)];
}

Type Type::make(TypeKind kind, std::string name, std::vector<Type> parameters) {
  auto rep = std::make_shared<Rep>();
  rep->kind = kind;
  rep->name = std::move(name);
  rep->generic = kind == TypeKind::param ||
                 std::any_of(parameters.begin(), parameters.end(),
                             [](const Type& parameter) { return parameter.is_generic(); });
  rep->parameters = std::move(parameters);
  return Type(std::shared_ptr<const Rep>(std::move(rep)));
}

Type Type::list(Type element) { return make(TypeKind::list, {}, {std::move(element)}); }

Type Type::map(Type key, Type value) {
  return make(TypeKind::map, {}, {std::move(key), std::move(value)});
}

Type Type::type(Type named) { return make(TypeKind::type, {}, {std::move(named)}); }

Type Type::optional(Type value) { return abstract("optional_type", {std::move(value)}); }

Type Type::abstract(std::string name, std::vector<Type> parameters) {
  return make(TypeKind::abstract, std::move(name), std::move(parameters));
}

Type Type::param(std::string name) { return make(TypeKind::param, std::move(name), {}); }

Type Type::variable(std::uint32_t number) {
  const auto make_variable = [](std::uint32_t n) {
    auto rep = std::make_shared<Rep>();
    rep->kind = TypeKind::param;
    rep->generic = true;
    rep->number = n;
    return Type(std::shared_ptr<const Rep>(std::move(rep)));
  };
  static const auto pool = [&] {
    std::vector<Type> variables;
    variables.reserve(kPooledVariables);
    for (std::uint32_t i = 0; i < kPooledVariables; ++i) variables.push_back(make_variable(i));
    return variables;
  }();
  return number < kPooledVariables ? pool[number] : make_variable(number);
}

Type Type::record(std::vector<Field> fields, bool open) {
  auto rep = std::make_shared<Rep>();
  rep->kind = TypeKind::record;
  rep->fields = std::move(fields);
  rep->open = open;
  return Type(std::shared_ptr<const Rep>(std::move(rep)));
}

const Type* Type::field(std::string_view name) const {
  const auto& all = rep_->fields;
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const Field& f) { return f.first == name; });
  return found == all.end() ? nullptr : &found->second;
}

std::string Type::text() const {
  std::string out = kind() == TypeKind::abstract ? name() : std::string(simple_name(kind()));
  if (parameters().empty()) return out;
  out += '(';
  for (std::size_t i = 0; i < parameters().size(); ++i) {
    if (i > 0) out += ", ";
    out += parameters()[i].text();
  }
  return out + ')';
}

bool operator==(const Type& a, const Type& b) {
  if (a.rep_ == b.rep_) return true;
  return a.kind() == b.kind() && a.rep_->number == b.rep_->number && a.is_open() == b.is_open() &&
         a.name() == b.name() && a.parameters() == b.parameters() && a.fields() == b.fields();
}

}  // namespace autopilot::expr
