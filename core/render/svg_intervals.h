#pragma once
// Values with their intervals, one below the other, against a common line: a forest plot as SVG for
// an HTML page. Pure.

#include <string>
#include <vector>

namespace autopilot::render {

struct SvgInterval {
  std::string name;
  double value = 0;
  bool has_interval = false;
  double low = 0, high = 0;  // when it has one
};

struct SvgIntervals {
  std::string title;              // what is plotted, for those who do not see it
  std::string line_name;          // of the vertical line
  double line = 0;                // where it is
  std::vector<SvgInterval> rows;  // values that are no numbers are left out
};

std::string svg_intervals(const SvgIntervals& plot);

}  // namespace autopilot::render
