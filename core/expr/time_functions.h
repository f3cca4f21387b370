#pragma once
// Arithmetic of timestamps and durations, and reading them from text.

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/expr/scratch.h"
#include "core/expr/val.h"

namespace autopilot::expr {

Val time_after(Scratch& scratch, const Val& timestamp, std::int64_t nanos);
Val time_before(Scratch& scratch, const Val& timestamp, std::int64_t nanos);
Val time_between(Scratch& scratch, const Val& end, const Val& start);  // end - start

bool is_valid_time(std::int64_t seconds);  // in the years 0001 to 9999

// "1h30m", "-1.5s", "100ms": signed decimal numbers with the units h m s ms us ns. Nanoseconds, or
// null.
std::optional<std::int64_t> parse_go_duration(std::string_view text);

}  // namespace autopilot::expr
