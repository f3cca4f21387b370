#pragma once
// Self-contained HTML pages: one file that needs nothing else, works from file://, in light and
// dark, by keyboard and on paper. What documents say is escaped; a content security policy lets
// nothing run but the page's own script, and lets nothing be loaded. Pure.

#include <string>
#include <string_view>
#include <vector>

#include "core/render/report.h"

namespace autopilot::render {

// Text for elements and for attribute values in quotes. Control characters are shown.
std::string html_escaped(std::string_view text);
// JSON that can stand in a <script> element: no "</script>" and no "<!--" in it.
std::string json_in_html(const Value& value);

struct HtmlPage {
  std::string title;
  std::string body;    // HTML
  std::string style;   // CSS after the shell's own
  std::string script;  // runs when the page is there; may be empty
  Value data;          // for the script: the JSON of the element with the id "data"
};
// The shell around a body. CSS colours are variables: --ink, --dim, --line, --page, --card and
// --good, --changed, --warn, --bad for the tones.
std::string html_page(const HtmlPage& page);

// Blocks as they stand in a body.
std::string html_blocks(const std::vector<Block>& blocks);
// The whole report as a page, called by its title, or by its schema's name: "autopilot.plan/v1" is
// "plan".
std::string report_html(const Report& report);

}  // namespace autopilot::render
