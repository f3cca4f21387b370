// Scalars of documents: does the text stand for what the field needs?
#include <fmt/format.h>

#include <cmath>
#include <optional>

#include "core/base/cron.h"
#include "core/base/json.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/base/timezone.h"
#include "core/base/units.h"
#include "core/policy/shape_check.h"

namespace autopilot::policy::shape_check {
namespace {

constexpr std::size_t kWidestQuote = 40;  // bytes

// Cut between characters, so that what quotes it stays UTF-8.
std::string shortened(const std::string& text) {
  if (text.size() <= kWidestQuote) return text;
  std::size_t end = kWidestQuote - 3;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  std::string out(text, 0, end);
  out += "…";
  return out;
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
  const std::string text = shortened(node.text);
  if (value.is_string()) return fmt::format("\"{}\"", text);
  if (value.is_bool()) return fmt::format("the boolean {}", text);
  return fmt::format("the number {}", text);
}

bool check_choice(const YamlNode& node, const ValueShape& shape, const Label& what,
                  Diagnostics& diagnostics) {
  for (const std::string_view choice : shape.choices) {
    if (node.text == choice) return true;
  }
  const std::vector<std::string> all = names_of(shape.choices);
  Diagnostic& d = diagnostics.error(
      "wrong-value", node.span,
      fmt::format("{}: \"{}\" is not one of {}", what.text(), node.text, join(all, ", ")));
  d.help = std::string(trim(did_you_mean(node.text, all)));
  return false;
}

bool check_number(const YamlNode& node, const Value& value, const ValueShape& shape,
                  const Label& what, Diagnostics& diagnostics) {
  const double number = value.as_double();
  if (std::isfinite(number) && number >= shape.minimum && number <= shape.maximum) return true;
  std::string range =
      std::isfinite(shape.minimum) ? fmt::format("at least {}", double_text(shape.minimum)) : "";
  if (std::isfinite(shape.maximum)) {
    range += fmt::format("{}at most {}", range.empty() ? "" : " and ", double_text(shape.maximum));
  }
  if (range.empty()) range = "finite";
  diagnostics
      .error("wrong-value", node.span,
             fmt::format("{}: {} is out of range", what.text(), node.text))
      .help = "it must be " + range;
  return false;
}

bool check_share(const YamlNode& node, const Value& value, const ValueShape& shape,
                 const Label& what, Diagnostics& diagnostics) {
  if ((value.is_string() || value.is_number()) && parse_share(node.text).has_value()) return true;
  Diagnostic& d = report_type(node, shape, what, diagnostics);
  if (value.is_number() && value.as_double() > 1 && value.as_double() <= 100) {
    d.help = fmt::format("write {}% (a bare number counts from 0 to 1)", node.text);
  }
  return false;
}

bool check_duration(const YamlNode& node, const Value& value, const ValueShape& shape,
                    const Label& what, Diagnostics& diagnostics) {
  if (shape.kind == ShapeKind::window && value.is_string() && node.text == "run") return true;
  const auto duration = value.is_string() ? parse_duration(node.text) : std::nullopt;
  if (duration.has_value() && duration->nanos > 0) return true;
  Diagnostic& d = report_type(node, shape, what, diagnostics);
  if (duration.has_value())
    d.help = "it must be longer than nothing; leave the field out for none";
  else if (node.text.starts_with('-'))
    d.help = "no time is less than nothing";
  else if (value.is_number())
    d.help = fmt::format("say the unit: {}s, {}m or {}h", node.text, node.text, node.text);
  return false;
}

bool check_cron(const YamlNode& node, const Label& what, Diagnostics& diagnostics) {
  const CronResult result = parse_cron(node.text);
  if (result.cron.has_value()) return true;
  const Span where = yaml_span_within(node, diagnostics.sources().text(node.span.source),
                                      result.begin, result.end);
  diagnostics.error("bad-cron", where, fmt::format("{}: {}", what.text(), result.fault)).help =
      "five fields: minute hour day month weekday, such as \"*/5 9-17 * * 1-5\"";
  return false;
}

bool check_timezone(const YamlNode& node, const Label& what, Diagnostics& diagnostics) {
  if (TimeZone::load(node.text).has_value()) return true;
  diagnostics
      .error("bad-timezone", node.span,
             fmt::format("{}: there is no time zone \"{}\"", what.text(), node.text))
      .help = "write a name such as Europe/Paris or UTC";
  return false;
}

bool check_text(const YamlNode& node, const Value& value, const ValueShape& shape,
                const Label& what, Diagnostics& diagnostics) {
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

}  // namespace

std::string Label::text() const {
  if (outer == nullptr) return std::string(name);
  if (name.empty()) return fmt::format("{}[{}]", outer->text(), index);
  return fmt::format("{}.{}", outer->text(), name);
}

std::vector<std::string> names_of(std::span<const std::string_view> names) {
  return {names.begin(), names.end()};
}

Diagnostic& report_type(const YamlNode& node, const ValueShape& shape, const Label& what,
                        Diagnostics& diagnostics) {
  return diagnostics.error(
      "wrong-type", node.span,
      fmt::format("{}: expected {}, found {}", what.text(), expectation(shape), found(node)));
}

bool check_scalar(const YamlNode& node, const ValueShape& shape, const Label& what,
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

}  // namespace autopilot::policy::shape_check
