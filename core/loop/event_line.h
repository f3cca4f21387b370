#pragma once
// One line of a log: a play of an arm, a reward on its own, or both.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/time.h"
#include "core/loop/algorithm.h"
#include "core/loop/shares.h"

namespace autopilot::loop {

struct Event {
  Instant time;
  std::string arm;               // empty: a reward for the play with the same id
  std::string id;                // empty where the log has none
  std::optional<double> reward;  // of the line itself
  std::optional<std::int64_t> generation;
  Segment segment;  // of a play
};

// Null with `fault` for a line that is none.
std::optional<Event> read_event(std::string_view line, const Algorithm& algorithm,
                                std::string& fault);

}  // namespace autopilot::loop
