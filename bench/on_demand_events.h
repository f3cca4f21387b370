#pragma once
// Floors of reading a log: what its fields cost to reach, without columns, checks or roles.

#include <string>

namespace autopilot::bench {

double scan_events(const std::string& path);  // JSON Lines by simdjson On-Demand, in document order
double scan_lines(const std::string& path);   // CSV: fields found and numbers parsed

}  // namespace autopilot::bench
