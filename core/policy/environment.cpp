#include "core/policy/loader.h"

namespace autopilot::policy {
namespace {

using expr::Type;
using expr::TypeKind;

Type declared_type(const std::string& name) {
  if (name == "double") return Type(TypeKind::real);
  if (name == "int") return Type(TypeKind::integer);
  if (name == "bool") return Type(TypeKind::boolean);
  if (name == "string") return Type(TypeKind::string);
  if (name == "list") return Type::list(Type(TypeKind::json));
  if (name == "map") return Type::map(Type(TypeKind::string), Type(TypeKind::json));
  return Type(TypeKind::json);
}

Type record_of(const Shape& shape) {
  if (!shape.has_value()) return Type::record({}, true);
  std::vector<Type::Field> fields;
  for (const DeclaredField& field : *shape)
    fields.emplace_back(field.name, declared_type(field.type));
  return Type::record(std::move(fields), false);
}

}  // namespace

expr::Environment environment_for(const Project& project, bool with_risk) {
  const Type text(TypeKind::string);
  expr::Environment environment;
  environment.variables.emplace("action", Type::record({{"id", text},
                                                        {"type", text},
                                                        {"algorithm", text},
                                                        {"target", text},
                                                        {"idempotency_key", text},
                                                        {"created_at", text},
                                                        {"risk", Type(TypeKind::json)},
                                                        {"data", record_of(project.data)}},
                                                       false));
  environment.variables.emplace("metrics", record_of(project.metrics));
  environment.variables.emplace("segment", record_of(project.segment));
  environment.variables.emplace("features", record_of(project.features));
  environment.variables.emplace("actor", Type::record({{"id", text}, {"role", text}}, false));
  environment.variables.emplace("now", Type(TypeKind::timestamp));
  environment.variables.emplace("run", text);
  if (with_risk) environment.variables.emplace("risk", Type(TypeKind::real));
  environment.validate_literals = true;
  return environment;
}

}  // namespace autopilot::policy
