#include "core/policy/schema_json.h"

#include <cmath>

namespace autopilot::policy {
namespace {

constexpr std::string_view kDialect = "https://json-schema.org/draft/2020-12/schema";
constexpr std::string_view kNamePattern = "^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$";
constexpr std::string_view kIdPattern = "^[a-z0-9][a-z0-9._-]{0,62}$";
constexpr std::string_view kSharePattern =
    "^((100|[0-9]{1,2})(\\.[0-9]*)?%|0?\\.[0-9]+|[01](\\.0*)?)$";
constexpr std::string_view kDuration =
    "([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?([0-9]+us)?([0-9]+ns)?";

Map schema_of(const ValueShape& shape);

Map text_with(std::string_view key, std::string_view value) {
  return Map{{"type", "string"}, {std::string(key), value}};
}

Map text_schema(const ValueShape& shape) {
  Map out{{"type", "string"}};
  if (shape.choices.empty()) return out;
  List choices;
  for (const std::string_view choice : shape.choices) choices.push_back(choice);
  out.append("enum", std::move(choices));
  return out;
}

Map number_schema(const ValueShape& shape, std::string_view type) {
  Map out{{"type", type}};
  if (std::isfinite(shape.minimum)) out.append("minimum", shape.minimum);
  if (std::isfinite(shape.maximum)) out.append("maximum", shape.maximum);
  return out;
}

void append_count(Map& out, const ValueShape& shape, std::string least, std::string most) {
  if (shape.least > 0) out.append(std::move(least), Value(shape.least));
  if (shape.most != ValueShape{}.most) out.append(std::move(most), Value(shape.most));
}

Map list_schema(const ValueShape& shape) {
  Map out{{"type", "array"}, {"items", schema_of(*shape.element)}};
  append_count(out, shape, "minItems", "maxItems");
  return out;
}

Map map_schema(const ValueShape& shape) {
  Map out{{"type", "object"}, {"additionalProperties", schema_of(*shape.element)}};
  append_count(out, shape, "minProperties", "maxProperties");
  return out;
}

Map any_of(List alternatives) { return Map{{"anyOf", std::move(alternatives)}}; }

// "a sentence" → "A sentence."
std::string sentence(std::string_view text) {
  std::string out(text);
  if (!out.empty() && out[0] >= 'a' && out[0] <= 'z') out[0] = static_cast<char>(out[0] - 32);
  return out + ".";
}

Map object_schema(const Schema& schema) {
  Map properties;
  List required;
  for (const Field& field : schema.fields) {
    Map property = schema_of(field.shape);
    if (schema.null_is_absent) property = any_of({std::move(property), Map{{"type", "null"}}});
    property.append("description", sentence(field.description));
    properties.append(std::string(field.name), std::move(property));
    if (field.required) required.push_back(field.name);
  }
  Map out{
      {"type", "object"}, {"properties", std::move(properties)}, {"additionalProperties", false}};
  if (!required.empty()) out.append("required", std::move(required));
  if (schema.one_of.empty()) return out;
  List alternatives;
  for (const std::string_view name : schema.one_of)
    alternatives.push_back(Map{{"required", List{name}}});
  out.append("oneOf", std::move(alternatives));
  return out;
}

Map schema_of(const ValueShape& shape) {
  switch (shape.kind) {
    case ShapeKind::text:
      return text_schema(shape);
    case ShapeKind::name:
      return text_with("pattern", kNamePattern);
    case ShapeKind::boolean:
      return Map{{"type", "boolean"}};
    case ShapeKind::integer:
      return number_schema(shape, "integer");
    case ShapeKind::number:
      return number_schema(shape, "number");
    case ShapeKind::share:
      return any_of({text_with("pattern", kSharePattern),
                     Map{{"type", "number"}, {"minimum", 0}, {"maximum", 1}}});
    case ShapeKind::duration:
      return text_with("pattern", "^" + std::string(kDuration) + "$");
    case ShapeKind::window:
      return text_with("pattern", "^(run|" + std::string(kDuration) + ")$");
    case ShapeKind::instant:
      return text_with("format", "date-time");
    case ShapeKind::expression:
      return Map{{"type", List{"string", "boolean", "number"}}};
    case ShapeKind::cron:
    case ShapeKind::timezone:
      return Map{{"type", "string"}};
    case ShapeKind::scalar:
      return Map{{"type", List{"string", "number", "boolean"}}};
    case ShapeKind::anything:
      // Of a field that its kind checks itself, when it says which two forms it takes.
      if (shape.element == nullptr || shape.schema == nullptr) return {};
      return any_of({schema_of(*shape.element), object_schema(*shape.schema)});
    case ShapeKind::list:
      return list_schema(shape);
    case ShapeKind::one_or_list:
      return any_of({schema_of(*shape.element), list_schema(shape)});
    case ShapeKind::map:
      return map_schema(shape);
    case ShapeKind::object:
      return object_schema(*shape.schema);
  }
  return {};
}

Map metadata_schema() {
  Map out = object_schema(kMetadata);
  out["properties"].as_map()["id"].as_map().append("pattern", kIdPattern);
  return out;
}

Map kind_schema(const Kind& kind) {
  Map properties{{"apiVersion", Map{{"const", kind.api_version}}},
                 {"kind", Map{{"const", kind.name}}},
                 {"metadata", metadata_schema()},
                 {"spec", object_schema(*kind.spec)}};
  return Map{{"title", kind.name},
             {"description", sentence(kind.summary)},
             {"type", "object"},
             {"properties", std::move(properties)},
             {"required", List{"apiVersion", "kind", "metadata", "spec"}},
             {"additionalProperties", false}};
}

Value with_dialect(Map schema) {
  Map out{{"$schema", kDialect}};
  for (auto& [key, value] : schema) out.append(key, std::move(value));
  return out;
}

}  // namespace

Value json_schema(const Kind& kind) { return with_dialect(kind_schema(kind)); }

Value json_schema_of_project() {
  Map schema{{"title", "autopilot.yaml"}};
  for (auto& [key, value] : object_schema(kProjectSchema)) schema.append(key, std::move(value));
  return with_dialect(std::move(schema));
}

Value json_schema_of_all() {
  List alternatives;
  for (const Kind& kind : kinds()) alternatives.push_back(kind_schema(kind));
  return with_dialect(Map{{"title", "autopilot document"}, {"oneOf", std::move(alternatives)}});
}

}  // namespace autopilot::policy
