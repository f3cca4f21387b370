#pragma once
// Constant durations and timestamps: what would fail when evaluated, said when policies load. See
// literals.h for patterns.

#include <optional>
#include <string>
#include <string_view>

namespace autopilot::expr {

// What is wrong with the text of duration("…"), as CEL reads it (1h30m, -1.5s); null when it is
// one.
std::optional<std::string> duration_fault(std::string_view text);

// What is wrong with the text of timestamp("…"), which is RFC 3339; null when it is one.
std::optional<std::string> timestamp_fault(std::string_view text);

}  // namespace autopilot::expr
