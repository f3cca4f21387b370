#pragma once
// Channels as JSON Lines: the fields of a channel in a document, the curve's nested as there or
// beside them as the columns of a CSV table are. Pure.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/diagnostic.h"
#include "core/optimize/plan.h"

namespace autopilot::optimize {

// ": did you mean X?", or "" when nothing is close.
std::string suggested(const std::string& name, const std::vector<std::string>& known);

void read_json_channels(std::string_view text, std::uint32_t source, Diagnostics& diagnostics,
                        const std::function<void(const ChannelRow&)>& visit);

}  // namespace autopilot::optimize
