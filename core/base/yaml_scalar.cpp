// The YAML 1.2 core schema (yaml.org/spec/1.2.2, 10.3.2): which plain scalars are no strings, and
// their values.
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

#include "core/base/yaml.h"

namespace autopilot {
namespace {

bool all_digits(std::string_view text, std::string_view digits) {
  return !text.empty() && text.find_first_not_of(digits) == std::string_view::npos;
}

std::string_view without_sign(std::string_view text) {
  return !text.empty() && (text[0] == '+' || text[0] == '-') ? text.substr(1) : text;
}

// [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?
bool looks_like_number(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789";
  text = without_sign(text);
  const std::size_t e = text.find_first_of("eE");
  if (e != std::string_view::npos) {
    if (!all_digits(without_sign(text.substr(e + 1)), kDigits)) return false;
    text = text.substr(0, e);
  }
  const std::size_t dot = text.find('.');
  if (dot == std::string_view::npos) return all_digits(text, kDigits);
  const std::string_view whole = text.substr(0, dot), fraction = text.substr(dot + 1);
  if (whole.empty()) return all_digits(fraction, kDigits);
  return all_digits(whole, kDigits) && (fraction.empty() || all_digits(fraction, kDigits));
}

// Whether JSON writes the number the same way: no plus, no leading zero, digits around the point.
bool is_json_number(std::string_view text) {
  if (text[0] == '+') return false;
  text = without_sign(text);
  if (text.empty() || text[0] == '.') return false;
  if (text[0] == '0' && text.size() > 1 && text[1] >= '0' && text[1] <= '9') return false;
  const std::size_t dot = text.find('.');
  return dot == std::string_view::npos ||
         (dot + 1 < text.size() && text[dot + 1] >= '0' && text[dot + 1] <= '9');
}

double parse_real(std::string_view text) {
  if (text[0] == '+') text.remove_prefix(1);
  double value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (fault != std::errc::result_out_of_range) return value;
  // from_chars leaves the value alone in both directions: the exponent's sign tells them apart.
  const std::size_t e = text.find_first_of("eE");
  const bool tiny = e != std::string_view::npos ? text[e + 1] == '-'
                                                : text.find_first_of("123456789") > text.find('.');
  const double magnitude = tiny ? 0.0 : std::numeric_limits<double>::infinity();
  return text[0] == '-' ? -magnitude : magnitude;
}

std::optional<Value> parse_based(std::string_view digits, int base) {
  std::uint64_t value = 0;
  const auto [end, fault] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (fault != std::errc() || end != digits.data() + digits.size() || digits.empty())
    return std::nullopt;
  return Value(static_cast<unsigned long long>(value));
}

Value parse_number(std::string_view text) {
  const std::string_view unsigned_text = without_sign(text);
  if (all_digits(unsigned_text, "0123456789")) {
    const std::string_view number = text[0] == '+' ? unsigned_text : text;
    std::int64_t integer = 0;
    if (std::from_chars(number.data(), number.data() + number.size(), integer).ec == std::errc())
      return Value(integer);
    std::uint64_t large = 0;
    if (std::from_chars(number.data(), number.data() + number.size(), large).ec == std::errc()) {
      return Value(static_cast<unsigned long long>(large));
    }
  }
  return Value(Real{parse_real(text), is_json_number(text) ? std::string(text) : std::string()});
}

Value typed(const std::string& text) {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") return {};
  if (text == "true" || text == "True" || text == "TRUE") return Value(true);
  if (text == "false" || text == "False" || text == "FALSE") return Value(false);
  const char first = text[0];
  const bool numeric =
      (first >= '0' && first <= '9') || first == '.' || first == '+' || first == '-';
  if (!numeric) return Value(text);
  if (text.compare(0, 2, "0x") == 0 || text.compare(0, 2, "0o") == 0) {
    const auto value = parse_based(std::string_view(text).substr(2), text[1] == 'x' ? 16 : 8);
    return value.has_value() ? *value : Value(text);
  }
  if (looks_like_number(text)) return parse_number(text);
  const std::string_view word = without_sign(text);
  if (word == ".inf" || word == ".Inf" || word == ".INF") {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    return Value(first == '-' ? -kInfinity : kInfinity);
  }
  if (text == ".nan" || text == ".NaN" || text == ".NAN")
    return Value(std::numeric_limits<double>::quiet_NaN());
  return Value(text);
}

}  // namespace

Value scalar_value(const YamlNode& node) {
  if (node.kind == YamlNode::Kind::empty) return {};
  return node.plain ? typed(node.text) : Value(node.text);
}

Value to_value(const YamlNode& node, Diagnostics& diagnostics) {
  switch (node.kind) {
    case YamlNode::Kind::list: {
      List list;
      list.reserve(node.items.size());
      for (const YamlNode& item : node.items) list.push_back(to_value(item, diagnostics));
      return list;
    }
    case YamlNode::Kind::map: {
      Map map;
      map.reserve(node.entries.size());
      for (const YamlEntry& entry : node.entries)
        map.append(entry.key, to_value(entry.value, diagnostics));
      return map;
    }
    default:
      break;
  }
  Value value = scalar_value(node);
  if (value.kind() == Value::Kind::real && !std::isfinite(value.as_double())) {
    diagnostics
        .error("number-range", node.span,
               "the number " + node.text + " is not finite or out of range")
        .help = "write a finite number, or put quotes around a text";
    return {};
  }
  return value;
}

}  // namespace autopilot
