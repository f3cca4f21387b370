#pragma once
// Who gets which share of the traffic: of each segment, or of everybody where an algorithm has
// none.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/value.h"

namespace autopilot::loop {

// Values of an algorithm's segment keys, in their order; empty: everybody.
using Segment = std::vector<std::string>;
// The value of what has no segment of its own.
inline constexpr const char* kOther = "other";

using ArmShares = std::map<std::string, int>;  // basis points by arm
using SegmentShares = std::map<Segment, ArmShares>;

// {"geo": "FR", "device": "mobile"}
Map segment_map(const std::vector<std::string>& keys, const Segment& segment);
// The values of these keys in such a map; "" where it has none.
Segment segment_in(const std::vector<std::string>& keys, const Value& map);
// "geo=FR, device=mobile"
std::string segment_name(const std::vector<std::string>& keys, const Segment& segment);

}  // namespace autopilot::loop
