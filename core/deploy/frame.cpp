#include "core/deploy/frame.h"

#include <algorithm>

#include "core/base/text.h"

namespace autopilot::deploy {
namespace {

constexpr char kEscape = 27;
constexpr std::string_view kPlain = "\x1b[0m";

std::vector<std::size_t> shares(const std::vector<Section>& sections, std::size_t rows) {
  std::vector<std::size_t> out;
  std::size_t left = rows;
  for (const Section& s : sections) {
    out.push_back(std::min({s.least, s.lines.size(), left}));
    left -= out.back();
  }
  for (std::size_t i = 0; i < sections.size(); ++i) {
    const std::size_t more = std::min(sections[i].lines.size() - out[i], left);
    out[i] += more;
    left -= more;
  }
  return out;
}

// The window of `count` lines that has the focus in its middle.
void append_window(std::vector<std::string>& out, const Section& s, std::size_t count) {
  const std::size_t middle = s.focus > count / 2 ? s.focus - count / 2 : 0;
  const std::size_t first = std::min(middle, s.lines.size() - count);
  for (std::size_t i = first; i < first + count; ++i) out.push_back(s.lines[i]);
}

std::size_t bytes_of_character(std::string_view text) {
  std::size_t n = 1;
  while (n < text.size() && (static_cast<unsigned char>(text[n]) & 0xC0) == 0x80) ++n;
  return n;
}

std::size_t bytes_of_colour(std::string_view text) {
  const std::size_t end = text.find('m');
  return end == std::string_view::npos ? text.size() : end + 1;
}

}  // namespace

Frame fitted(const std::vector<Section>& sections, std::size_t rows) {
  std::size_t lines = 0, gaps = 0;
  for (const Section& s : sections) {
    if (s.lines.empty()) continue;
    gaps += lines > 0 ? 1 : 0;
    lines += s.lines.size();
  }
  const bool airy = lines + gaps <= rows;
  const std::vector<std::size_t> share = shares(sections, rows);
  Frame out;
  for (std::size_t i = 0; i < sections.size(); ++i) {
    if (airy && !out.lines.empty() && share[i] > 0) out.lines.emplace_back();
    append_window(out.lines, sections[i], share[i]);
    out.hidden += sections[i].lines.size() - share[i];
  }
  return out;
}

std::string clipped(std::string_view line, std::size_t columns) {
  std::string out;
  std::size_t used = 0;
  bool coloured = false;
  for (std::size_t at = 0, n = 0; at < line.size(); at += n) {
    const std::string_view rest = line.substr(at);
    const bool colour = rest[0] == kEscape;
    n = colour ? bytes_of_colour(rest) : bytes_of_character(rest);
    const std::string_view piece = rest.substr(0, n);
    coloured = coloured || colour;
    const std::size_t width = colour ? 0 : display_width(piece);
    if (used + width > columns) break;
    used += width;
    out += piece;
  }
  return coloured ? out.append(kPlain) : out;
}

}  // namespace autopilot::deploy
