#pragma once
// Shares and rates as people write them. Durations and instants are in time.h.

#include <optional>
#include <string>
#include <string_view>

namespace autopilot {

// "5%" "12.5%" "0.05": a share in [0, 1]. Null when malformed or out of range; a bare number above
// 1 is malformed.
std::optional<double> parse_share(std::string_view text);
std::string format_share(double share);  // "12.5%"

// "500/m", "20/s", "0.5/h": how many a second. Null when malformed or not above 0.
std::optional<double> parse_rate(std::string_view text);
inline constexpr char kRates[] = "500/m, 20/s or 1000/h";

}  // namespace autopilot
