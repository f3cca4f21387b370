#pragma once
// Marks along an axis. Pure.

#include <cmath>
#include <string>

namespace autopilot::render {

// A step of 1, 2 or 5 times a power of ten that gives about `marks` marks.
inline double tick_step(double range, int marks) {
  const double rough = range / marks, power = std::pow(10, std::floor(std::log10(rough)));
  for (const double step : {1., 2., 5.}) {
    if (rough <= step * power) return step * power;
  }
  return 10 * power;
}

// A multiple of `step` with no more digits than that needs, and commas between thousands.
std::string tick_text(double value, double step);

}  // namespace autopilot::render
