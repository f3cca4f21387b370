#pragma once
// A time as logs and tables of arms have it: a text, or a number since 1970.

#include <optional>

#include "core/base/time.h"
#include "core/base/value.h"

namespace autopilot::loop {

std::optional<Instant> time_in(const Value& value);

}  // namespace autopilot::loop
