#pragma once
// A Chart as SVG for an HTML page (html.h has the colours). Pure.

#include <string>

#include "core/render/report.h"

namespace autopilot::render {

struct SvgFrame {
  double width = 960, height = 260;                   // of the picture, in its own units
  double left = 44, right = 8, top = 8, bottom = 26;  // around the plot
  std::string id;                                     // of the element; empty: none
  std::string marker;  // id of a frame around one column, for a script to move; empty: none
};

// The series stacked, one column for each place, the first series at the bottom. Each series is one
// <path data-series="i">, the labels below have a data-label (first, title, last); the plot's box
// stands in the data-x, data-y, data-width, data-height and data-most (the stack's greatest height)
// of the <svg>, so that a script can draw other values.
std::string svg_stack(const Chart& chart, const SvgFrame& frame);

// The outline of one series: the columns between two rows of heights, both from 0 to 1.
std::string svg_band(const std::vector<double>& below, const std::vector<double>& above,
                     const SvgFrame& frame);

// What the colours mean, as an HTML list.
std::string svg_key(const Chart& chart);

}  // namespace autopilot::render
