#pragma once
// Text inside XML: escaped, and without what XML 1.0 cannot hold.

#include <string>
#include <string_view>

namespace autopilot::render {

// Appends a character of content or of an attribute's value in quotes, of XML and of HTML alike.
void append_markup(std::string& out, char c);

// For attributes in quotes and for content. Control characters become "?".
std::string xml_text(std::string_view text);

}  // namespace autopilot::render
