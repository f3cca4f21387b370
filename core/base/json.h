#pragma once
// JSON text to and from Value. The only place that knows nlohmann/json. Depth is bounded, duplicate
// keys are faults, numbers keep their spelling, strings must be UTF-8.

#include <cstddef>
#include <string>
#include <string_view>

#include "core/base/diagnostic.h"
#include "core/base/value.h"

namespace autopilot {

struct JsonFault {
  std::size_t offset = 0;  // byte in the text
  std::string message;
};

struct JsonResult {
  Value value;
  bool ok = false;
  JsonFault fault;  // when !ok
};

inline constexpr int kJsonMaxDepth = 64;

JsonResult parse_json(std::string_view text);

// Throws Error(invalid) naming `what` and line:column.
Value parse_json_or_throw(std::string_view text, std::string_view what);

// Compact, keys in the map's own order.
std::string to_json(const Value& value);
void append_json(std::string& out, const Value& value);

// Indented by two spaces, for people.
std::string to_pretty_json(const Value& value);

// Canonical: keys sorted by bytes, no white space, numbers by value (1.0 prints as 1), so that the
// same content has the same bytes. Follows RFC 8785 but for non-BMP key order (bytes here, UTF-16
// there).
std::string to_canonical_json(const Value& value);

void append_json_string(std::string& out, std::string_view text);  // with quotes and escapes
// Whether a text stands in JSON as it is, between quotes.
bool is_plain_json(std::string_view text);
// As append_double, at `to`, which has 32 bytes; returns the end.
char* write_double(char* to, double value);
void append_double(std::string& out, double value);  // shortest round trip: 0.1, 5000, 1e+300
std::string double_text(double value);

}  // namespace autopilot
