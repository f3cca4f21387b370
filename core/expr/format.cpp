// string.format(list): %s %d %f %e %b %o %x %X and %%, with an optional precision for %f and %e.

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>
#include <vector>

#include "core/base/hash.h"
#include "core/base/time.h"
#include "core/expr/fault.h"
#include "core/expr/functions.h"
#include "core/expr/map.h"
#include "core/expr/val_ops.h"

namespace autopilot::expr {
namespace {

constexpr int kMaxPrecision = 100;
constexpr int kDefaultPrecision = 6;

struct Clause {
  char verb = 0;
  int precision = kDefaultPrecision;
};

// --- %s

bool append_formatted(std::string& out, const Val& value);

std::string plain_double(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  // The shortest digits that read back as the same number, never with an exponent.
  char buffer[400];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed);
  return {buffer, end.ptr};
}

bool append_formatted_list(std::string& out, const ListRep& list) {
  out += '[';
  for (std::uint32_t i = 0; i < list.size; ++i) {
    if (i > 0) out += ", ";
    if (!append_formatted(out, list.items[i])) return false;
  }
  out += ']';
  return true;
}

bool append_formatted_map(std::string& out, const MapRep& map) {
  std::vector<std::pair<std::string, std::string>> entries(map.size);
  for (std::uint32_t i = 0; i < map.size; ++i) {
    if (!append_formatted(entries[i].first, map.entries[i].key)) return false;
    if (!append_formatted(entries[i].second, map.entries[i].value)) return false;
  }
  std::stable_sort(entries.begin(), entries.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  out += '{';
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (i > 0) out += ", ";
    out.append(entries[i].first).append(": ").append(entries[i].second);
  }
  out += '}';
  return true;
}

bool append_formatted(std::string& out, const Val& value) {
  switch (value.tag) {
    case Tag::real:
      out += plain_double(value.real);
      return true;
    case Tag::string:
    case Tag::bytes:
      out += value.text();
      return true;
    case Tag::list:
      return append_formatted_list(out, *value.list);
    case Tag::map:
      return append_formatted_map(out, *value.map);
    case Tag::duration:
      out += duration_text(value.integer);
      return true;
    case Tag::null:
    case Tag::boolean:
    case Tag::integer:
    case Tag::uinteger:
    case Tag::timestamp:
    case Tag::type:
      append_text(out, value);
      return true;
    default:
      return false;
  }
}

// --- the other verbs

bool append_digits(std::string& out, const Val& value, char verb) {
  const bool negative = value.tag == Tag::integer && value.integer < 0;
  const std::uint64_t size = negative ? 0 - value.uinteger : value.uinteger;
  if (negative) out += '-';
  switch (verb) {
    case 'b':
      out += fmt::format("{:b}", size);
      break;
    case 'o':
      out += fmt::format("{:o}", size);
      break;
    case 'x':
      out += fmt::format("{:x}", size);
      break;
    case 'X':
      out += fmt::format("{:X}", size);
      break;
    default:
      out += fmt::format("{}", size);
      break;
  }
  return true;
}

bool append_hex_text(std::string& out, std::string_view bytes, bool upper) {
  std::string hex = to_hex(bytes);
  if (upper) {
    for (char& c : hex) c = c >= 'a' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  out += hex;
  return true;
}

bool append_real(std::string& out, const Val& value, const Clause& clause) {
  const double number = value.tag == Tag::real      ? value.real
                        : value.tag == Tag::integer ? static_cast<double>(value.integer)
                                                    : static_cast<double>(value.uinteger);
  if (!std::isfinite(number) || clause.verb == 'd') {
    out += plain_double(number);
  } else if (clause.verb == 'f') {
    out += fmt::format("{:.{}f}", number, clause.precision);
  } else {
    out += fmt::format("{:.{}e}", number, clause.precision);
  }
  return true;
}

bool append_clause(std::string& out, const Val& value, const Clause& clause) {
  const bool whole = value.tag == Tag::integer || value.tag == Tag::uinteger;
  switch (clause.verb) {
    case 's':
      return append_formatted(out, value);
    case 'd':
      return whole ? append_digits(out, value, 'd')
                   : value.tag == Tag::real && append_real(out, value, clause);
    case 'f':
    case 'e':
      return (whole || value.tag == Tag::real) && append_real(out, value, clause);
    case 'b':
      if (value.tag == Tag::boolean) {
        out += value.boolean ? '1' : '0';
        return true;
      }
      return whole && append_digits(out, value, 'b');
    case 'o':
      return whole && append_digits(out, value, 'o');
    default:
      if (value.tag == Tag::string || value.tag == Tag::bytes) {
        return append_hex_text(out, value.text(), clause.verb == 'X');
      }
      return whole && append_digits(out, value, clause.verb);
  }
}

// Reads ".3f" after the percent sign, moving `at` past it. False when that is no clause.
bool read_clause(std::string_view format, std::size_t& at, Clause& clause) {
  const bool precise = at < format.size() && format[at] == '.';
  if (precise) {
    int digits = 0;
    clause.precision = 0;
    for (++at; at < format.size() && format[at] >= '0' && format[at] <= '9'; ++at, ++digits) {
      clause.precision = std::min(clause.precision * 10 + (format[at] - '0'), kMaxPrecision + 1);
    }
    if (digits == 0 || clause.precision > kMaxPrecision) return false;
  }
  if (at >= format.size()) return false;
  clause.verb = format[at++];
  return std::string_view("sdfeboxX").find(clause.verb) != std::string_view::npos &&
         (!precise || clause.verb == 'f' || clause.verb == 'e');
}

Val verb_fault(Scratch& scratch, const Clause& clause, const Val& value) {
  const Val verb = scratch.copy_string({&clause.verb, 1});
  return fail(scratch, "format() cannot show a value of type ", Val::of_string(type_name(value)),
              " with %", verb);
}

Val format_text(Scratch& scratch, Arguments a) {
  const std::string_view format = a[0].text();
  const ListRep& values = *a[1].list;
  std::string out;
  std::uint32_t used = 0;
  for (std::size_t at = 0; at < format.size();) {
    if (format[at] != '%') {
      out += format[at++];
      continue;
    }
    if (++at < format.size() && format[at] == '%') {
      out += format[at++];
      continue;
    }
    const std::size_t start = at;
    Clause clause;
    if (!read_clause(format, at, clause)) {
      return fail(scratch, "format() does not know the clause %",
                  Val::of_string(format.substr(start, at - start + 1)));
    }
    if (used == values.size)
      return fail(scratch, "format() has no value number ", Val::of_int(used));
    const std::size_t before = out.size();
    const Val& value = values.items[used++];
    if (!append_clause(out, value, clause)) return verb_fault(scratch, clause, value);
    if (!scratch.charge_bytes(out.size() - before)) return fail_cost(scratch);
  }
  return scratch.charge_bytes(out.size()) ? scratch.copy_string(out) : fail_cost(scratch);
}

constexpr Builtin kFormat[] = {
    {"format", Style::member, 2, {Tag::string, Tag::list}, format_text},
};

}  // namespace

std::span<const Builtin> format_functions() { return kFormat; }

}  // namespace autopilot::expr
