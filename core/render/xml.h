#pragma once
// Text inside XML: escaped, and without what XML 1.0 cannot hold.

#include <string>
#include <string_view>

namespace autopilot::render {

// For attributes in double quotes and for content. Control characters become "?".
std::string xml_text(std::string_view text);

}  // namespace autopilot::render
