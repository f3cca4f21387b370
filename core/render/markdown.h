#pragma once
// A Report as GitHub-flavoured Markdown, for comments on pull requests. What documents say is
// escaped: it cannot make links, images or HTML. Pure.

#include <string>

#include "core/render/report.h"

namespace autopilot::render {

// Headings are of level 2, trees nested lists, lines fenced (as a diff when they carry its tones).
std::string report_markdown(const Report& report);

}  // namespace autopilot::render
