#pragma once
// Channels and observations from CSV or JSONL, a line at a time and without a Value for each: there
// may be a hundred thousand. Faults have their places. Pure.

#include <string>
#include <string_view>
#include <vector>

#include "core/base/diagnostic.h"
#include "core/optimize/plan.h"

namespace autopilot::optimize {

// Columns: id, current, min, max, min_if_active, fixed_cost, max_shift, frozen, group, tier, and
// for the curve type, a, b, k, s, p, c, carry_over. JSONL: the fields of a channel in a document.
// `text` and `diagnostics` must outlive what is given; rows that have faults are visited, too.
ChannelRows channel_rows(std::string_view text, std::uint32_t source, Diagnostics& diagnostics);

struct Observation {
  std::string channel;
  double spend = 0, returned = 0;
};
// Columns, or fields, channel, spend, and return (or conversions, or revenue).
std::vector<Observation> read_observations(std::string_view text, std::uint32_t source,
                                           Diagnostics& diagnostics);

}  // namespace autopilot::optimize
