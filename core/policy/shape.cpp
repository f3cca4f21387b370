#include "core/policy/shape.h"

#include <fmt/format.h>

#include <cmath>
#include <optional>

#include "core/base/cron.h"
#include "core/base/json.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/base/timezone.h"
#include "core/base/units.h"

namespace autopilot::policy {
namespace {

constexpr std::size_t kNameLength = 63;

bool is_lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }

bool name_of(std::string_view text, bool upper) {
  if (text.empty() || text.size() > kNameLength) return false;
  const auto word = [upper](char c) { return is_lower_or_digit(c) || (upper && is_upper(c)); };
  if (!word(text[0])) return false;
  return std::all_of(text.begin(), text.end(),
                     [&](char c) { return word(c) || c == '.' || c == '_' || c == '-'; });
}

std::string found(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::empty:
      return "nothing";
    case YamlNode::Kind::list:
      return "a list";
    case YamlNode::Kind::map:
      return "a map";
    case YamlNode::Kind::scalar:
      break;
  }
  const Value value = scalar_value(node);
  if (value.is_null()) return "null";
  const std::string text = node.text.size() > 40 ? node.text.substr(0, 37) + "…" : node.text;
  if (value.is_string()) return fmt::format("\"{}\"", text);
  if (value.is_bool()) return fmt::format("the boolean {}", text);
  return fmt::format("the number {}", text);
}

Diagnostic& report_type(const YamlNode& node, const ValueShape& shape, std::string_view what,
                        Diagnostics& diagnostics) {
  return diagnostics.error(
      "wrong-type", node.span,
      fmt::format("{}: expected {}, found {}", what, expectation(shape), found(node)));
}

std::vector<std::string> names_of(std::span<const std::string_view> names) {
  return {names.begin(), names.end()};
}

bool check_choice(const YamlNode& node, const ValueShape& shape, std::string_view what,
                  Diagnostics& diagnostics) {
  for (const std::string_view choice : shape.choices) {
    if (node.text == choice) return true;
  }
  const std::vector<std::string> all = names_of(shape.choices);
  Diagnostic& d = diagnostics.error(
      "wrong-value", node.span,
      fmt::format("{}: \"{}\" is not one of {}", what, node.text, join(all, ", ")));
  d.help = std::string(trim(did_you_mean(node.text, all)));
  return false;
}

bool check_number(const YamlNode& node, const Value& value, const ValueShape& shape,
                  std::string_view what, Diagnostics& diagnostics) {
  const double number = value.as_double();
  if (std::isfinite(number) && number >= shape.minimum && number <= shape.maximum) return true;
  std::string range =
      std::isfinite(shape.minimum) ? fmt::format("at least {}", double_text(shape.minimum)) : "";
  if (std::isfinite(shape.maximum)) {
    range += fmt::format("{}at most {}", range.empty() ? "" : " and ", double_text(shape.maximum));
  }
  if (range.empty()) range = "finite";
  diagnostics
      .error("wrong-value", node.span, fmt::format("{}: {} is out of range", what, node.text))
      .help = "it must be " + range;
  return false;
}

bool check_share(const YamlNode& node, const Value& value, const ValueShape& shape,
                 std::string_view what, Diagnostics& diagnostics) {
  if ((value.is_string() || value.is_number()) && parse_share(node.text).has_value()) return true;
  Diagnostic& d = report_type(node, shape, what, diagnostics);
  if (value.is_number() && value.as_double() > 1 && value.as_double() <= 100) {
    d.help = fmt::format("write {}% (a bare number counts from 0 to 1)", node.text);
  }
  return false;
}

bool check_duration(const YamlNode& node, const Value& value, const ValueShape& shape,
                    std::string_view what, Diagnostics& diagnostics) {
  if (shape.kind == ShapeKind::window && value.is_string() && node.text == "run") return true;
  const auto duration = value.is_string() ? parse_duration(node.text) : std::nullopt;
  if (duration.has_value() && duration->nanos > 0) return true;
  Diagnostic& d = report_type(node, shape, what, diagnostics);
  if (value.is_number())
    d.help = fmt::format("say the unit: {}s, {}m or {}h", node.text, node.text, node.text);
  return false;
}

bool check_cron(const YamlNode& node, std::string_view what, Diagnostics& diagnostics) {
  const CronResult result = parse_cron(node.text);
  if (result.cron.has_value()) return true;
  const Span where = yaml_span_within(node, diagnostics.sources().text(node.span.source),
                                      result.begin, result.end);
  diagnostics.error("bad-cron", where, fmt::format("{}: {}", what, result.fault)).help =
      "five fields: minute hour day month weekday, such as \"*/5 9-17 * * 1-5\"";
  return false;
}

bool check_timezone(const YamlNode& node, std::string_view what, Diagnostics& diagnostics) {
  if (TimeZone::load(node.text).has_value()) return true;
  diagnostics
      .error("bad-timezone", node.span,
             fmt::format("{}: there is no time zone \"{}\"", what, node.text))
      .help = "write a name such as Europe/Paris or UTC";
  return false;
}

bool check_text(const YamlNode& node, const Value& value, const ValueShape& shape,
                std::string_view what, Diagnostics& diagnostics) {
  if (!value.is_string()) {
    Diagnostic& d = report_type(node, shape, what, diagnostics);
    if (!value.is_null()) d.help = fmt::format("put quotes around it: \"{}\"", node.text);
    return false;
  }
  if (!shape.choices.empty()) return check_choice(node, shape, what, diagnostics);
  if (shape.kind == ShapeKind::cron) return check_cron(node, what, diagnostics);
  if (shape.kind == ShapeKind::timezone) return check_timezone(node, what, diagnostics);
  const bool fits = shape.kind == ShapeKind::name         ? is_name(node.text)
                    : shape.kind == ShapeKind::instant    ? parse_rfc3339(node.text).has_value()
                    : shape.kind == ShapeKind::expression ? !trim(node.text).empty()
                                                          : true;
  if (!fits) report_type(node, shape, what, diagnostics);
  return fits;
}

bool check_scalar(const YamlNode& node, const ValueShape& shape, std::string_view what,
                  Diagnostics& diagnostics) {
  const Value value = scalar_value(node);
  switch (shape.kind) {
    case ShapeKind::boolean:
      if (value.is_bool()) return true;
      break;
    case ShapeKind::integer:
      if (value.kind() == Value::Kind::integer)
        return check_number(node, value, shape, what, diagnostics);
      break;
    case ShapeKind::number:
      if (value.is_number()) return check_number(node, value, shape, what, diagnostics);
      break;
    case ShapeKind::share:
      return check_share(node, value, shape, what, diagnostics);
    case ShapeKind::duration:
    case ShapeKind::window:
      return check_duration(node, value, shape, what, diagnostics);
    case ShapeKind::expression:
    case ShapeKind::scalar:
      if (value.is_string() && shape.kind != ShapeKind::scalar)
        return check_text(node, value, shape, what, diagnostics);
      if (value.is_number()) return check_number(node, value, shape, what, diagnostics);
      if (!value.is_null()) return true;
      break;
    default:
      return check_text(node, value, shape, what, diagnostics);
  }
  report_type(node, shape, what, diagnostics);
  return false;
}

bool check_count(const YamlNode& node, std::size_t count, const ValueShape& shape,
                 std::string_view what, Diagnostics& diagnostics) {
  if (count >= shape.least && count <= shape.most) return true;
  const std::string_view relation = count < shape.least ? "at least" : "at most";
  const std::size_t bound = count < shape.least ? shape.least : shape.most;
  diagnostics.error(
      "wrong-value", node.span,
      shape.least == shape.most
          ? fmt::format("{}: expected {} entries, found {}", what, bound, count)
          : fmt::format("{}: expected {} {} entries, found {}", what, relation, bound, count));
  return false;
}

bool check_list(const YamlNode& node, const ValueShape& shape, std::string_view what,
                Diagnostics& diagnostics) {
  if (!node.is_list()) {
    Diagnostic& d = report_type(node, shape, what, diagnostics);
    if (node.is_map()) d.help = "start each entry with a dash";
    return false;
  }
  bool fits = check_count(node, node.items.size(), shape, what, diagnostics);
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    fits &= check_shape(node.items[i], *shape.element, fmt::format("{}[{}]", what, i), diagnostics);
  }
  return fits;
}

bool check_map(const YamlNode& node, const ValueShape& shape, std::string_view what,
               Diagnostics& diagnostics) {
  if (!node.is_map()) {
    report_type(node, shape, what, diagnostics);
    return false;
  }
  bool fits = check_count(node, node.entries.size(), shape, what, diagnostics);
  for (const YamlEntry& entry : node.entries) {
    fits &= check_shape(entry.value, *shape.element, fmt::format("{}.{}", what, entry.key),
                        diagnostics);
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

bool check_object(const YamlNode& node, const ValueShape& shape, std::string_view what,
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
      fits &= check_shape(entry.value, field->shape, field->name, diagnostics);
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

bool is_name(std::string_view text) { return name_of(text, true); }
bool is_document_id(std::string_view text) { return name_of(text, false); }

bool is_given(const YamlNode* node, const Schema& schema) {
  return node != nullptr && !(schema.null_is_absent && node->is_null());
}

std::string expectation(const ValueShape& shape) {
  switch (shape.kind) {
    case ShapeKind::text:
      return shape.choices.empty() ? "a text" : "one of " + join(names_of(shape.choices), ", ");
    case ShapeKind::name:
      return "a name (letters, digits, dots, dashes, underscores; at most 63)";
    case ShapeKind::boolean:
      return "true or false";
    case ShapeKind::integer:
      return "a whole number";
    case ShapeKind::number:
      return "a number";
    case ShapeKind::share:
      return "a share such as 5% or 0.05";
    case ShapeKind::duration:
      return "a duration such as 30s, 5m, 2h or 7d";
    case ShapeKind::window:
      return "a duration such as 1h, or run";
    case ShapeKind::instant:
      return "a time such as 2027-01-01T00:00:00Z";
    case ShapeKind::expression:
      return "a CEL expression";
    case ShapeKind::cron:
      return "a cron expression such as \"*/5 9-17 * * 1-5\"";
    case ShapeKind::timezone:
      return "a time zone such as Europe/Paris";
    case ShapeKind::scalar:
      return "a text, a number or a boolean";
    case ShapeKind::anything:
      return "any value";
    case ShapeKind::list:
      return "a list";
    case ShapeKind::one_or_list:
      return expectation(*shape.element) + " or a list of them";
    case ShapeKind::map:
    case ShapeKind::object:
      return "a map";
  }
  return "a value";
}

bool check_shape(const YamlNode& node, const ValueShape& shape, std::string_view what,
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
      if (node.is_scalar()) return check_scalar(node, *shape.element, what, diagnostics);
      break;
    default:
      if (node.is_scalar()) return check_scalar(node, shape, what, diagnostics);
  }
  report_type(node, shape, what, diagnostics);
  return false;
}

}  // namespace autopilot::policy
