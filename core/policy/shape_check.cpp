// Lists, maps and objects of documents: fields known, needed and not in each other's way.
#include "core/policy/shape_check.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/text.h"

namespace autopilot::policy::shape_check {
namespace {

bool check_count(const YamlNode& node, std::size_t count, const ValueShape& shape,
                 const Label& what, Diagnostics& diagnostics) {
  if (count >= shape.least && count <= shape.most) return true;
  const std::string_view relation = count < shape.least ? "at least" : "at most";
  const std::size_t bound = count < shape.least ? shape.least : shape.most;
  diagnostics.error("wrong-value", node.span,
                    shape.least == shape.most ? fmt::format("{}: expected {} entries, found {}",
                                                            what.text(), bound, count)
                                              : fmt::format("{}: expected {} {} entries, found {}",
                                                            what.text(), relation, bound, count));
  return false;
}

bool check_list(const YamlNode& node, const ValueShape& shape, const Label& what,
                Diagnostics& diagnostics) {
  if (!node.is_list()) {
    Diagnostic& d = report_type(node, shape, what, diagnostics);
    if (node.is_map()) d.help = "start each entry with a dash";
    return false;
  }
  bool fits = check_count(node, node.items.size(), shape, what, diagnostics);
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    fits &= check_value(node.items[i], *shape.element, Label{&what, {}, i}, diagnostics);
  }
  return fits;
}

bool check_map(const YamlNode& node, const ValueShape& shape, const Label& what,
               Diagnostics& diagnostics) {
  if (!node.is_map()) {
    report_type(node, shape, what, diagnostics);
    return false;
  }
  bool fits = check_count(node, node.entries.size(), shape, what, diagnostics);
  for (const YamlEntry& entry : node.entries) {
    fits &= check_value(entry.value, *shape.element, Label{&what, entry.key, 0}, diagnostics);
  }
  return fits;
}

const Field* find_field(const Schema& schema, std::string_view name) {
  for (const Field& field : schema.fields) {
    if (field.name == name) return &field;
  }
  return nullptr;
}

void report_unknown(const YamlEntry& entry, const Schema& schema, Diagnostics& diagnostics) {
  std::vector<std::string> names;
  for (const Field& field : schema.fields) names.emplace_back(field.name);
  Diagnostic& d = diagnostics.error("unknown-field", entry.key_span,
                                    fmt::format("{} has no field \"{}\"", schema.what, entry.key));
  d.help = std::string(trim(did_you_mean(entry.key, names)));
  if (d.help.empty()) d.help = "it has " + join(names, ", ");
}

bool check_one_of(const YamlNode& node, const Schema& schema, Diagnostics& diagnostics) {
  if (schema.one_of.empty()) return true;
  const YamlEntry* first = nullptr;
  for (const std::string_view name : schema.one_of) {
    const YamlEntry* entry = node.entry(name);
    if (entry == nullptr || !is_given(&entry->value, schema)) continue;
    if (first == nullptr) {
      first = entry;
      continue;
    }
    Diagnostic& d = diagnostics.error(
        "conflicting-fields", entry->key_span,
        fmt::format("{} can't have both {} and {}", schema.what, first->key, name));
    d.help = "split it in two";
    d.related.push_back({"the other one is here", first->key_span});
    return false;
  }
  if (first != nullptr) return true;
  diagnostics.error(
      "missing-field", node.span,
      fmt::format("{} needs one of {}", schema.what, join(names_of(schema.one_of), ", ")));
  return false;
}

bool check_object(const YamlNode& node, const ValueShape& shape, const Label& what,
                  Diagnostics& diagnostics) {
  if (!node.is_map()) {
    report_type(node, shape, what, diagnostics);
    return false;
  }
  const Schema& schema = *shape.schema;
  bool fits = true;
  for (const YamlEntry& entry : node.entries) {
    const Field* field = find_field(schema, entry.key);
    if (field == nullptr) {
      report_unknown(entry, schema, diagnostics);
      fits = false;
    } else if (is_given(&entry.value, schema)) {
      fits &= check_value(entry.value, field->shape, {nullptr, field->name, 0}, diagnostics);
    }
  }
  for (const Field& field : schema.fields) {
    if (!field.required || is_given(node.find(field.name), schema)) continue;
    diagnostics
        .error("missing-field", node.span,
               fmt::format("{} needs the field {}", schema.what, field.name))
        .help = fmt::format("{}: {}", field.name, field.description);
    fits = false;
  }
  // A misspelt field is most likely the one that would be missed.
  const bool misspelt =
      std::any_of(node.entries.begin(), node.entries.end(),
                  [&](const YamlEntry& e) { return find_field(schema, e.key) == nullptr; });
  return (misspelt || check_one_of(node, schema, diagnostics)) && fits;
}

}  // namespace

bool check_value(const YamlNode& node, const ValueShape& shape, const Label& what,
                 Diagnostics& diagnostics) {
  switch (shape.kind) {
    case ShapeKind::anything:
      return true;
    case ShapeKind::list:
      return check_list(node, shape, what, diagnostics);
    case ShapeKind::map:
      return check_map(node, shape, what, diagnostics);
    case ShapeKind::object:
      return check_object(node, shape, what, diagnostics);
    case ShapeKind::one_or_list:
      if (node.is_list()) return check_list(node, shape, what, diagnostics);
      if (node.is_scalar() == (shape.element->kind != ShapeKind::object))
        return check_value(node, *shape.element, what, diagnostics);
      break;
    default:
      if (node.is_scalar()) return check_scalar(node, shape, what, diagnostics);
  }
  report_type(node, shape, what, diagnostics);
  return false;
}

}  // namespace autopilot::policy::shape_check
