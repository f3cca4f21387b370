#include "core/decide/json_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <system_error>

namespace autopilot::decide {
namespace {

constexpr const char* kBadNumber = "malformed number, or a number out of range";
constexpr const char* kBadEscape = "malformed string escape";
constexpr const char* kNoValue = "malformed JSON: expected a value";

// Whether a number that is out of range is too large, and not too small: by the decimal exponent of
// its first digit that is not 0.
bool is_large(std::string_view number) {
  const std::size_t e = std::min(number.find_first_of("eE"), number.size());
  const std::string_view digits = number.substr(0, e);
  const std::size_t point = std::min(digits.find('.'), digits.size());
  const std::size_t first = digits.find_first_of("123456789");
  double exponent = 0;
  for (const char c : number.substr(e)) {
    if (is_digit(c)) exponent = exponent * 10 + (c - '0');
  }
  if (e + 1 < number.size() && number[e + 1] == '-') exponent = -exponent;
  return first != std::string_view::npos &&
         static_cast<double>(point) - static_cast<double>(first) + exponent > 0;
}

}  // namespace

void JsonText::stop(Token at, std::string message) const {
  throw JsonStop{std::move(message), *std::min(at, end_)};
}

void JsonText::stop_for(Token at, char wanted) const {
  if (at >= end_) stop(at, "malformed JSON: it ends too early");
  stop(at, fmt::format("malformed JSON: expected {}", wanted));
}

// A member needs four tokens: with fewer left, one of these stops.
void JsonText::short_member(Token at) const {
  std::string_view name;
  at = expect(key(at, name), ':');
  at = skip_checked(at, 0);
  more(at, '}');
  stop_for(end_, '}');
}

void JsonText::bad_number(Token at) const {
  stop(at, is_digit(first(at)) || first(at) == '-' ? kBadNumber : kNoValue);
}

void JsonText::too_deep(Token at) const {
  stop(at, fmt::format("nested deeper than {} levels", kDeepest));
}

// Any number: it may be long, negative or followed by white space.
NumberText JsonText::wide_number(Token at, std::string_view& written) const {
  if (at + 1 >= end_) stop_for(at, '}');  // so the digits end within the text
  const NumberText number = scan_number(place(at));
  if (number.size == 0) bad_number(at);
  written = {place(at), number.size};
  return number;
}

Token JsonText::wide_number(Token at, std::string_view& written, double& value) const {
  const NumberText number = wide_number(at, written);
  value = is_exact(number) ? short_value(number) : long_value(at, written);
  return at + 1;
}

double JsonText::long_value(Token at, std::string_view number) const {
  double value = 0;
  const auto result = std::from_chars(number.data(), number.data() + number.size(), value);
  if (result.ec != std::errc::result_out_of_range) return value;
  if (is_large(number)) stop(at, kBadNumber);
  return number.front() == '-' ? -0.0 : 0.0;
}

Token JsonText::literal(Token at, std::string_view& written) const {
  const char* const begin = place(at);
  std::size_t size = 0;
  for (const std::string_view word : {"true", "false", "null"}) {
    if (std::memcmp(begin, word.data(), word.size()) == 0) size = word.size();
  }
  if (at + 1 >= end_) stop_for(at, '}');
  if (size == 0 || !ends_value(begin[size])) stop(at, kNoValue);
  written = {begin, size};
  return at + 1;
}

Token JsonText::skip_checked(Token at, int depth) const {
  std::string_view written;
  switch (first(at)) {
    case '"':
      at = string(at, written);
      if (has_escapes_) check_escapes(written);
      return at;
    case '{':
      return skip_object(at, depth + 1);
    case '[':
      return skip_array(at, depth + 1);
    case 't':
    case 'f':
    case 'n':
      return literal(at, written);
    default:
      if (may_be_narrow(at) && scan_narrow(place(at), at[1] - *at).size > 0) return at + 1;
      if (!wide_number(at, written).is_short) long_value(at, written);
      return at + 1;
  }
}

Token JsonText::skip_object(Token at, int depth) const {
  check_depth(at, depth);
  if (first(++at) == '}') return at + 1;
  for (;; ++at) {
    std::string_view name;
    at = key(at, name);
    check_escapes(name);
    at = skip_checked(expect(at, ':'), depth);
    if (!more(at, '}')) return at + 1;
  }
}

Token JsonText::skip_array(Token at, int depth) const {
  check_depth(at, depth);
  if (first(++at) == ']') return at + 1;
  for (;; ++at) {
    at = skip_checked(at, depth);
    if (!more(at, ']')) return at + 1;
  }
}

Token JsonText::skip_other(Token at, std::string_view& written) const {
  switch (first(at)) {
    case '{':
    case '[':
      break;
    case 't':
    case 'f':
    case 'n':
      return literal(at, written);
    default:
      wide_number(at, written);
      return at + 1;
  }
  const Token begin = at;
  unsigned open = 0;
  do {
    if (at >= end_) stop_for(at, '}');
    const int c = known_first(at) | 0x20;  // [ becomes { and ] becomes }, nothing else does
    open += c == '{';
    open -= c == '}';
    ++at;
  } while (open > 0);
  written = between(begin, at);
  return at;
}

std::string_view JsonText::unescaped(std::string_view inner, expr::Arena& arena) const {
  if (inner.find('\\') == std::string_view::npos) return inner;
  char* const to = static_cast<char*>(arena.allocate(inner.size() + kPadding));
  const char* const end = index_.unescape(inner.data(), to);
  if (end == nullptr) throw JsonStop{kBadEscape, static_cast<std::uint32_t>(inner.data() - text_)};
  return {to, static_cast<std::size_t>(end - to)};
}

void JsonText::check_escapes(std::string_view string) const {
  if (!has_escapes_ || string.find('\\') == std::string_view::npos) return;
  std::string to(string.size() + kPadding, '\0');
  if (index_.unescape(string.data() + 1, to.data()) == nullptr)
    throw JsonStop{kBadEscape, static_cast<std::uint32_t>(string.data() - text_)};
}

}  // namespace autopilot::decide
