#include <fmt/format.h>

#include <cmath>

#include "core/base/json.h"
#include "core/base/time.h"
#include "core/expr/fault.h"
#include "core/expr/program.h"
#include "core/expr/val_ops.h"

namespace autopilot::expr {
namespace {

void append_item(std::string& out, const Val& value) {
  if (value.tag == Tag::string) {
    append_quoted(out, value.text());
  } else {
    append_text(out, value);
  }
}

void append_list(std::string& out, const ListRep& list) {
  out += '[';
  for (std::uint32_t i = 0; i < list.size; ++i) {
    if (i > 0) out += ", ";
    append_item(out, list.items[i]);
  }
  out += ']';
}

void append_map(std::string& out, const MapRep& map) {
  out += '{';
  for (std::uint32_t i = 0; i < map.size; ++i) {
    if (i > 0) out += ", ";
    append_item(out, map.entries[i].key);
    out += ": ";
    append_item(out, map.entries[i].value);
  }
  out += '}';
}

// RFC 3339 in UTC, with as many digits of the fraction as it needs.
std::string timestamp_text(const Val& value) {
  std::string text = format_rfc3339({value.integer, 0});
  if (value.size == 0) return text;
  std::string fraction = fmt::format(".{:09}", value.size);
  fraction.erase(fraction.find_last_not_of('0') + 1);
  return text.insert(text.size() - 1, fraction);
}

void append_optional(std::string& out, const OptionalRep& optional) {
  if (!optional.present) {
    out += "optional.none()";
    return;
  }
  out += "optional.of(";
  append_item(out, optional.value);
  out += ')';
}

// As a literal: b"caf\xc3\xa9".
void append_bytes(std::string& out, std::string_view bytes) {
  out += "b\"";
  for (const char c : bytes) {
    if (c < ' ' || c > '~') {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
  }
  out += '"';
}

void append_rarer(std::string& out, const Val& value) {
  switch (value.tag) {
    case Tag::error:
      out += message_of(*value.fault);
      break;
    case Tag::bytes:
      append_bytes(out, value.text());
      break;
    case Tag::timestamp:
      out += timestamp_text(value);
      break;
    case Tag::duration:
      out += duration_text(value.integer);
      break;
    case Tag::optional:
      append_optional(out, *value.optional);
      break;
    case Tag::abstract:
      out += address_text(*value.address);
      break;
    default:
      out += "absent";
  }
}

}  // namespace

std::string_view type_name(const Val& value) {
  switch (value.tag) {
    case Tag::absent:
      return "absent";
    case Tag::error:
      return "error";
    case Tag::null:
      return "null_type";
    case Tag::boolean:
      return "bool";
    case Tag::integer:
      return "int";
    case Tag::uinteger:
      return "uint";
    case Tag::real:
      return "double";
    case Tag::string:
      return "string";
    case Tag::bytes:
      return "bytes";
    case Tag::list:
      return "list";
    case Tag::map:
      return "map";
    case Tag::timestamp:
      return "google.protobuf.Timestamp";
    case Tag::duration:
      return "google.protobuf.Duration";
    case Tag::type:
      return "type";
    case Tag::optional:
      return "optional_type";
    case Tag::abstract:
      return value.address->is_range ? "net.CIDR" : "net.IP";
  }
  return "error";
}

std::string real_text(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  if (value == 0 && std::signbit(value)) return "-0";
  return double_text(value);
}

std::string duration_text(std::int64_t nanos) {
  const std::uint64_t size =
      nanos < 0 ? 0 - static_cast<std::uint64_t>(nanos) : static_cast<std::uint64_t>(nanos);
  std::string out = fmt::format("{}{}", nanos < 0 ? "-" : "", size / 1'000'000'000);
  if (const std::uint64_t rest = size % 1'000'000'000; rest != 0) {
    out += fmt::format(".{:09}", rest);
    out.erase(out.find_last_not_of('0') + 1);
  }
  return out + "s";
}

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    switch (c) {
      case '\a':
        out += "\\a";
        break;
      case '\b':
        out += "\\b";
        break;
      case '\f':
        out += "\\f";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\v':
        out += "\\v";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '"':
        out += "\\\"";
        break;
      default:
        out += c;
    }
  }
  out += '"';
}

void append_text(std::string& out, const Val& value) {
  switch (value.tag) {
    case Tag::null:
      out += "null";
      break;
    case Tag::boolean:
      out += value.boolean ? "true" : "false";
      break;
    case Tag::integer:
      fmt::format_to(std::back_inserter(out), "{}", value.integer);
      break;
    case Tag::uinteger:
      fmt::format_to(std::back_inserter(out), "{}", value.uinteger);
      break;
    case Tag::real:
      out += real_text(value.real);
      break;
    case Tag::string:
    case Tag::type:
      out += value.text();
      break;
    case Tag::list:
      append_list(out, *value.list);
      break;
    case Tag::map:
      append_map(out, *value.map);
      break;
    default:
      append_rarer(out, value);
  }
}

std::string to_text(const Val& value) {
  std::string out;
  append_text(out, value);
  return out;
}

}  // namespace autopilot::expr
