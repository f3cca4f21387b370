#include "core/render/xml.h"

#include "core/base/text.h"

namespace autopilot::render {

void append_markup(std::string& out, char c) {
  switch (c) {
    case '&':
      out += "&amp;";
      break;
    case '<':
      out += "&lt;";
      break;
    case '>':
      out += "&gt;";
      break;
    case '"':
      out += "&quot;";
      break;
    case '\'':
      out += "&#39;";
      break;
    default:
      out += c;
  }
}

std::string xml_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n') {
      out += "&#10;";
    } else if (c == '\t') {
      out += ' ';
    } else {
      append_markup(out, static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? '?' : c);
    }
  }
  return find_invalid_utf8(out) == std::string_view::npos ? out : "?";
}

}  // namespace autopilot::render
