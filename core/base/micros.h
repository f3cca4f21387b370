#pragma once
// Amounts as integers of micro-units (1e-6), exact where doubles are not, and their decimal text.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace autopilot {

std::string micros_text(std::int64_t micros);                     // 1500000 → "1.5"
std::optional<std::int64_t> parse_micros(std::string_view text);  // the reverse; at most 6 decimals

}  // namespace autopilot
