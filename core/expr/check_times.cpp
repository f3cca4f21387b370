#include "core/expr/check_times.h"

#include <fmt/format.h>

#include <array>
#include <cmath>

#include "core/base/time.h"

namespace autopilot::expr {
namespace {

struct Unit {
  std::string_view name;
  double nanos;
};
// Longer names before their prefixes.
constexpr std::array<Unit, 8> kUnits = {{{"ns", 1},
                                         {"us", 1e3},
                                         {"\u00b5s", 1e3},
                                         {"\u03bcs", 1e3},
                                         {"ms", 1e6},
                                         {"s", 1e9},
                                         {"m", 6e10},
                                         {"h", 3.6e12}}};
constexpr double kMostNanos = 9.2233720368547758e18;

const Unit* unit_at(std::string_view text) {
  for (const Unit& unit : kUnits) {
    if (text.substr(0, unit.name.size()) == unit.name) return &unit;
  }
  return nullptr;
}

// Reads "1.5" off the front; false when no digit is there.
bool take_number(std::string_view& text, double& value) {
  bool digits = false;
  double scale = 1;
  bool fraction = false;
  value = 0;
  while (!text.empty()) {
    const char c = text[0];
    if (c == '.' && !fraction) {
      fraction = true;
    } else if (c >= '0' && c <= '9') {
      digits = true;
      if (fraction) scale /= 10;
      value = fraction ? value + (c - '0') * scale : value * 10 + (c - '0');
    } else {
      break;
    }
    text.remove_prefix(1);
  }
  return digits;
}

}  // namespace

std::optional<std::string> duration_fault(std::string_view text) {
  const std::string wrong = fmt::format("\"{}\" is no duration", text);
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  if (text == "0") return std::nullopt;
  if (text.empty()) return wrong;
  double total = 0;
  while (!text.empty()) {
    double value = 0;
    if (!take_number(text, value)) return wrong;
    const Unit* unit = unit_at(text);
    if (unit == nullptr && (text == "d" || text == "w")) {
      return wrong + fmt::format(": write {}h", value * (text == "d" ? 24 : 24 * 7));
    }
    if (unit == nullptr) return wrong + ": its units are h, m, s, ms, us, ns";
    total += value * unit->nanos;
    text.remove_prefix(unit->name.size());
  }
  if (total >= kMostNanos) return wrong + ": the longest one is about 292 years";
  return std::nullopt;
}

std::optional<std::string> timestamp_fault(std::string_view text) {
  if (parse_rfc3339(text)) return std::nullopt;
  return fmt::format("\"{}\" is no timestamp: write it as 2026-11-20T10:01:00Z", text);
}

}  // namespace autopilot::expr
