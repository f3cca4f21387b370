#pragma once
// A Report as text for a terminal or a pipe: paragraphs wrapped, tables and trees aligned by
// display width, tones as ANSI colours. Control characters inside the text are shown, never sent: a
// document cannot drive the terminal. Pure.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/render/report.h"

namespace autopilot::render {

struct TextStyle {
  std::size_t width = 80;  // columns
  bool color = false;
  bool unicode = true;  // else trees are drawn in ASCII
};

// Blocks are separated by an empty line, except after a heading. Ends with a newline unless there
// is no text.
std::string report_text(const Report& report, const TextStyle& style);

// `text` in its tone, or as it is when `color` is off.
std::string painted(std::string_view text, Tone tone, bool color);

// Control characters (C0, DEL, C1) as \xNN; a tab stays.
std::string visible(std::string_view text);

// Breaks at spaces into lines of at most `width` columns; a longer word gets a line of its own. At
// least one line.
std::vector<Line> wrapped(const Line& line, std::size_t width);
std::vector<std::string> wrapped_text(std::string_view text, std::size_t width);

}  // namespace autopilot::render
