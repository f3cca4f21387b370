#include "core/policy/shape.h"

#include <algorithm>

#include "core/base/text.h"
#include "core/policy/shape_check.h"

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

}  // namespace

bool is_name(std::string_view text) { return name_of(text, true); }
bool is_document_id(std::string_view text) { return name_of(text, false); }

bool is_given(const YamlNode* node, const Schema& schema) {
  return node != nullptr && !(schema.null_is_absent && node->is_null());
}

std::string expectation(const ValueShape& shape) {
  switch (shape.kind) {
    case ShapeKind::text:
      return shape.choices.empty() ? "a text"
                                   : "one of " + join(shape_check::names_of(shape.choices), ", ");
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
  return shape_check::check_value(node, shape, {nullptr, what, 0}, diagnostics);
}

}  // namespace autopilot::policy
