// Conversions: int(), uint(), double(), string(), bytes(), bool(), timestamp(), duration().

#include <charconv>
#include <cmath>
#include <limits>

#include "core/base/text.h"
#include "core/base/time.h"
#include "core/expr/fault.h"
#include "core/expr/functions.h"
#include "core/expr/time_functions.h"
#include "core/expr/val_ops.h"

namespace autopilot::expr {
namespace {

Val range_fault(Scratch& scratch, const char* type, const Val& value) {
  return fail(scratch, "", Val::of_string(type), "() is out of range for ", value);
}

Val syntax_fault(Scratch& scratch, const char* type, const Val& text) {
  return fail(scratch, "", Val::of_string(type), "() cannot read '", text, "'");
}

Val same(Scratch&, Arguments a) { return a[0]; }

// --- int

Val int_of_uint(Scratch& scratch, Arguments a) {
  constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  return a[0].uinteger > kMax ? range_fault(scratch, "int", a[0])
                              : Val::of_int(static_cast<std::int64_t>(a[0].uinteger));
}

Val int_of_double(Scratch& scratch, Arguments a) {
  // Strictly inside (-2^63, 2^63), as the language defines it; false for NaN.
  if (!(a[0].real > -9223372036854775808.0 && a[0].real < 9223372036854775808.0)) {
    return range_fault(scratch, "int", a[0]);
  }
  return Val::of_int(static_cast<std::int64_t>(a[0].real));
}

template <class T>
bool parse_whole(std::string_view text, T& out) {
  if (!text.empty() && text[0] == '+') {
    text.remove_prefix(1);
    if (!text.empty() && (text[0] == '-' || text[0] == '+')) return false;
  }
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), out);
  return fault == std::errc() && end == text.data() + text.size();
}

Val int_of_string(Scratch& scratch, Arguments a) {
  std::int64_t value = 0;
  return parse_whole(a[0].text(), value) ? Val::of_int(value) : syntax_fault(scratch, "int", a[0]);
}

Val int_of_timestamp(Scratch&, Arguments a) { return Val::of_int(a[0].integer); }

Val int_of_duration(Scratch&, Arguments a) { return Val::of_int(a[0].integer); }

// --- uint

Val uint_of_int(Scratch& scratch, Arguments a) {
  return a[0].integer < 0 ? range_fault(scratch, "uint", a[0])
                          : Val::of_uint(static_cast<std::uint64_t>(a[0].integer));
}

Val uint_of_double(Scratch& scratch, Arguments a) {
  if (!(a[0].real >= 0 && a[0].real < 18446744073709551616.0))
    return range_fault(scratch, "uint", a[0]);
  return Val::of_uint(static_cast<std::uint64_t>(a[0].real));
}

Val uint_of_string(Scratch& scratch, Arguments a) {
  std::uint64_t value = 0;
  return parse_whole(a[0].text(), value) ? Val::of_uint(value)
                                         : syntax_fault(scratch, "uint", a[0]);
}

// --- double

Val double_of_int(Scratch&, Arguments a) {
  return Val::of_double(static_cast<double>(a[0].integer));
}
Val double_of_uint(Scratch&, Arguments a) {
  return Val::of_double(static_cast<double>(a[0].uinteger));
}

bool same_letters(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((text[i] | 0x20) != lower[i]) return false;
  }
  return true;
}

bool parse_double(std::string_view text, double& out) {
  const bool negative = !text.empty() && text[0] == '-';
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  if (text.empty()) return false;
  if (same_letters(text, "nan")) {
    out = std::numeric_limits<double>::quiet_NaN();
    return true;
  }
  if (same_letters(text, "inf") || same_letters(text, "infinity")) {
    out = std::numeric_limits<double>::infinity();
  } else {
    if ((text[0] < '0' || text[0] > '9') && text[0] != '.') return false;
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (fault != std::errc() || end != text.data() + text.size()) return false;
  }
  if (negative) out = -out;
  return true;
}

Val double_of_string(Scratch& scratch, Arguments a) {
  double value = 0;
  return parse_double(a[0].text(), value) ? Val::of_double(value)
                                          : syntax_fault(scratch, "double", a[0]);
}

// --- string and bytes

Val string_of_any(Scratch& scratch, Arguments a) {
  switch (a[0].tag) {
    case Tag::boolean:
    case Tag::integer:
    case Tag::uinteger:
    case Tag::real:
    case Tag::timestamp:
    case Tag::duration:
    case Tag::abstract:
      break;
    default:
      return Val();
  }
  std::string text;
  append_text(text, a[0]);
  return scratch.charge(1) ? scratch.copy_string(text) : fail_cost(scratch);
}

Val string_of_bytes(Scratch& scratch, Arguments a) {
  if (!scratch.charge_bytes(a[0].size)) return fail_cost(scratch);
  if (find_invalid_utf8(a[0].text()) != std::string_view::npos) {
    return fail(scratch, "string() got bytes that are not UTF-8");
  }
  return Val::of_string(a[0].text());
}

Val bytes_of_string(Scratch&, Arguments a) { return Val::of_bytes(a[0].text()); }

// --- bool

Val bool_of_string(Scratch& scratch, Arguments a) {
  const std::string_view text = a[0].text();
  for (const std::string_view yes : {"1", "t", "T", "true", "TRUE", "True"}) {
    if (text == yes) return Val::of_bool(true);
  }
  for (const std::string_view no : {"0", "f", "F", "false", "FALSE", "False"}) {
    if (text == no) return Val::of_bool(false);
  }
  return syntax_fault(scratch, "bool", a[0]);
}

// --- timestamp and duration

Val timestamp_of_string(Scratch& scratch, Arguments a) {
  // A blank between date and time is RFC 3339's own leniency, not the language's.
  const auto time =
      a[0].size > 10 && a[0].data[10] == ' ' ? std::nullopt : parse_rfc3339(a[0].text());
  if (!time) return syntax_fault(scratch, "timestamp", a[0]);
  return Val::of_timestamp(time->seconds, static_cast<std::uint32_t>(time->nanos));
}

Val timestamp_of_int(Scratch& scratch, Arguments a) {
  return is_valid_time(a[0].integer) ? Val::of_timestamp(a[0].integer, 0)
                                     : range_fault(scratch, "timestamp", a[0]);
}

Val duration_of_string(Scratch& scratch, Arguments a) {
  const auto nanos = parse_go_duration(a[0].text());
  return nanos ? Val::of_duration(*nanos) : syntax_fault(scratch, "duration", a[0]);
}

Val duration_of_int(Scratch&, Arguments a) { return Val::of_duration(a[0].integer); }

constexpr Style G = Style::global;

constexpr Builtin kConversions[] = {
    {"int", G, 1, {Tag::integer}, same},
    {"int", G, 1, {Tag::uinteger}, int_of_uint},
    {"int", G, 1, {Tag::real}, int_of_double},
    {"int", G, 1, {Tag::string}, int_of_string},
    {"int", G, 1, {Tag::timestamp}, int_of_timestamp},
    {"int", G, 1, {Tag::duration}, int_of_duration},
    {"uint", G, 1, {Tag::uinteger}, same},
    {"uint", G, 1, {Tag::integer}, uint_of_int},
    {"uint", G, 1, {Tag::real}, uint_of_double},
    {"uint", G, 1, {Tag::string}, uint_of_string},
    {"double", G, 1, {Tag::real}, same},
    {"double", G, 1, {Tag::integer}, double_of_int},
    {"double", G, 1, {Tag::uinteger}, double_of_uint},
    {"double", G, 1, {Tag::string}, double_of_string},
    {"string", G, 1, {Tag::string}, same},
    {"string", G, 1, {Tag::bytes}, string_of_bytes},
    {"string", G, 1, {kAny}, string_of_any},
    {"bytes", G, 1, {Tag::bytes}, same},
    {"bytes", G, 1, {Tag::string}, bytes_of_string},
    {"bool", G, 1, {Tag::boolean}, same},
    {"bool", G, 1, {Tag::string}, bool_of_string},
    {"timestamp", G, 1, {Tag::timestamp}, same},
    {"timestamp", G, 1, {Tag::string}, timestamp_of_string},
    {"timestamp", G, 1, {Tag::integer}, timestamp_of_int},
    {"duration", G, 1, {Tag::duration}, same},
    {"duration", G, 1, {Tag::string}, duration_of_string},
    {"duration", G, 1, {Tag::integer}, duration_of_int},
};

}  // namespace

std::span<const Builtin> conversion_functions() { return kConversions; }

}  // namespace autopilot::expr
