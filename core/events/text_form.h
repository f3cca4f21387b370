#pragma once
// Whether a file is text that lines can be read from, told by its beginning.

#include <string>
#include <string_view>

namespace autopilot::events {

// Throws Error(invalid), which says how to convert it, on UTF-16 and UTF-32 and on what is no text.
void must_be_text(std::string_view head, const std::string& name);

// And on an array of JSON objects instead of one object a line.
void must_be_lines(std::string_view head, const std::string& name);

}  // namespace autopilot::events
