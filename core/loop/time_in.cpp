#include "core/loop/time_in.h"

#include "core/events/time_text.h"

namespace autopilot::loop {

std::optional<Instant> time_in(const Value& value) {
  std::int64_t micros = 0;
  if (value.is_number()) {
    if (!events::epoch_micros(value.as_double(), micros)) return std::nullopt;
    return Instant::from_micros(micros);
  }
  if (!value.is_string()) return std::nullopt;
  if (const auto exact = parse_rfc3339(value.as_string())) return exact;
  if (!events::parse_time(value.as_string(), micros)) return std::nullopt;
  return Instant::from_micros(micros);
}

}  // namespace autopilot::loop
