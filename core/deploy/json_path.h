#pragma once
// Where something stands in a JSON answer: $.data.result[0].value[-1], or data.result[0] in short.
// Names with other characters are quoted: $["content-type"]. A negative index counts from the end.

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/value.h"

namespace autopilot::deploy {

using JsonStep = std::variant<std::string, std::int64_t>;

struct JsonPath {
  std::vector<JsonStep> steps;
  std::string fault;   // what is wrong with it; empty: nothing
  std::size_t at = 0;  // byte of the text that the fault is about

  bool ok() const { return fault.empty(); }
};

JsonPath parse_json_path(std::string_view text);

// What stands there; null when nothing does.
const Value* find_at(const Value& root, const JsonPath& path);

// The number that a value means: a number, or a string that holds one, NaN and infinities as
// Prometheus writes them included.
std::optional<double> number_of(const Value& value);
std::optional<double> parse_number(std::string_view text);

}  // namespace autopilot::deploy
