#pragma once
// A Report as JSON: its data with "schema" first. Pure.

#include <string>

#include "core/render/report.h"

namespace autopilot::render {

// Indented, one trailing newline.
std::string report_json(const Report& report);
// The same on one line, for JSON Lines.
std::string report_json_line(const Report& report);

}  // namespace autopilot::render
