#pragma once
// A Chart for a terminal: one row of bars for each series. Pure.

#include <vector>

#include "core/render/report.h"
#include "core/render/text.h"

namespace autopilot::render {

// As wide as the style allows: where there are more places than columns, a bar is the mean of its
// places. In ASCII, heights are digits from 0 to 9.
std::vector<Line> chart_lines(const Chart& chart, const TextStyle& style);

}  // namespace autopilot::render
