#pragma once
// One amount over another as a curve, with its marks: a Chart that has places, as SVG for an HTML
// page. Pure.

#include <string>

#include "core/render/report.h"

namespace autopilot::render {

// REQUIRES as many places as values, rising. Letters are large enough for a phone.
std::string svg_curve(const Chart& chart);

}  // namespace autopilot::render
