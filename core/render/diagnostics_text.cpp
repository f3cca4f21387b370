#include <fmt/format.h>

#include <algorithm>

#include "core/base/text.h"
#include "core/render/diagnostics.h"

namespace autopilot::render {
namespace {

constexpr std::size_t kLeastExcerpt = 20;  // columns

// One character of the line as it is shown.
struct Cell {
  std::string text;
  std::size_t width = 0;
  bool marked = false;
};

std::size_t character_length(std::string_view line, std::size_t at) {
  std::size_t n = 1;
  while (at + n < line.size() && (static_cast<unsigned char>(line[at + n]) & 0xC0) == 0x80) ++n;
  return n;
}

Cell cell_of(std::string_view character) {
  if (character == "\t") return {"  ", 2};
  std::string shown = find_invalid_utf8(character) == std::string_view::npos
                          ? visible(character)
                          : fmt::format("\\x{:02x}", static_cast<unsigned char>(character[0]));
  const std::size_t width = display_width(shown);
  return {std::move(shown), width};
}

// The part of a line that fits, with marks below it.
struct Excerpt {
  std::string line;
  std::string marks;
};

class ExcerptBuilder {
 public:
  // [begin, end) are the marked bytes of `line`.
  ExcerptBuilder(std::string_view line, std::size_t begin, std::size_t end, std::size_t width)
      : width_(std::max(width, kLeastExcerpt)) {
    // Cells far from the mark are never shown: a line may be a megabyte long.
    std::size_t at = begin > 4 * width_ ? begin - 4 * width_ : 0;
    while (at > 0 && (static_cast<unsigned char>(line[at]) & 0xC0) == 0x80) --at;
    cut_left_ = at > 0;
    for (; at < line.size() && at < begin + 4 * width_; at += character_length(line, at)) {
      if (at <= begin) mark_ = cells_.size();
      cells_.push_back(cell_of(line.substr(at, character_length(line, at))));
      cells_.back().marked = at >= begin && at < end;
    }
    cut_right_ = at < line.size();
    if (begin >= line.size()) mark_ = cells_.size();
  }

  Excerpt build() {
    const auto [first, last] = window();
    Excerpt out;
    if (cut_left_ || first > 0) append(out, "…", 1, false);
    for (std::size_t i = first; i < last; ++i)
      append(out, cells_[i].text, cells_[i].width, cells_[i].marked);
    if (cut_right_ || last < cells_.size()) append(out, "…", 1, false);
    if (out.marks.find('^') == std::string::npos)
      out.marks.insert(std::min(caret_column(first), out.marks.size()), "^");
    out.marks.erase(out.marks.find_last_of('^') + 1);
    return out;
  }

 private:
  static void append(Excerpt& out, std::string_view text, std::size_t width, bool marked) {
    out.line += text;
    out.marks.append(width, marked ? '^' : ' ');
  }

  std::size_t caret_column(std::size_t first) const {
    std::size_t column = cut_left_ || first > 0 ? 1 : 0;
    for (std::size_t i = first; i < mark_; ++i) column += cells_[i].width;
    return column;
  }

  // The cells to show: all, or as many around the mark as fit with a mark of omission on both
  // sides.
  std::pair<std::size_t, std::size_t> window() const {
    std::size_t total = 0;
    for (const Cell& cell : cells_) total += cell.width;
    if (total <= width_ && !cut_left_ && !cut_right_) return {0, cells_.size()};
    std::size_t first = mark_, used = 2;
    while (first > 0 && used + cells_[first - 1].width <= width_ / 3) used += cells_[--first].width;
    std::size_t last = first;
    used = 2;
    while (last < cells_.size() && used + cells_[last].width <= width_)
      used += cells_[last++].width;
    while (first > 0 && used + cells_[first - 1].width <= width_) used += cells_[--first].width;
    return {first, last};
  }

  std::size_t width_;
  std::vector<Cell> cells_;
  std::size_t mark_ = 0;
  bool cut_left_ = false;
  bool cut_right_ = false;
};

Tone tone_of(Severity severity) {
  switch (severity) {
    case Severity::error:
      return Tone::bad;
    case Severity::warning:
      return Tone::warn;
    case Severity::note:
      return Tone::dim;
  }
  return Tone::plain;
}

void append_excerpt(std::string& out, const SourceMap& sources, const Span& span,
                    const TextStyle& style, Tone tone) {
  const std::string_view line = sources.line_at(span.source, span.begin);
  if (trim(line).empty()) return;
  const auto line_begin = static_cast<std::size_t>(line.data() - sources.text(span.source).data());
  const std::size_t begin = std::min<std::size_t>(span.begin - line_begin, line.size());
  const std::size_t end = std::clamp<std::size_t>(span.end - line_begin, begin, line.size());
  const std::string number = fmt::format("{}", sources.position(span.source, span.begin).line);
  const std::size_t gutter = number.size() + 4;
  const std::size_t width = style.width > gutter ? style.width - gutter : 0;
  const Excerpt excerpt = ExcerptBuilder(line, begin, end, width).build();
  out += painted(fmt::format(" {} | ", number), Tone::dim, style.color) + excerpt.line + "\n";
  out += painted(fmt::format(" {:{}} | ", "", number.size()), Tone::dim, style.color) +
         painted(excerpt.marks, tone, style.color) + "\n";
}

void append_place(std::string& out, const SourceMap& sources, const Span& span) {
  const std::string where = place(sources, span);
  if (!where.empty()) out += visible(where) + ": ";
}

void append_item(std::string& out, const Diagnostic& d, const SourceMap& sources,
                 const TextStyle& style) {
  append_place(out, sources, d.span);
  const Tone tone = tone_of(d.severity);
  out += painted(fmt::format("{}[{}]", to_string(d.severity), d.code), tone, style.color);
  out += ": " + visible(d.message) + "\n";
  if (d.span.known()) append_excerpt(out, sources, d.span, style, tone);
  for (const Related& related : d.related) {
    out += "  ";
    append_place(out, sources, related.span);
    out += painted("note", Tone::dim, style.color) + ": " + visible(related.message) + "\n";
  }
  if (!d.help.empty())
    out += "  " + painted("help", Tone::good, style.color) + ": " + visible(d.help) + "\n";
}

std::string counted(std::size_t n, std::string_view what) {
  return fmt::format("{} {}{}", n, what, n == 1 ? "" : "s");
}

}  // namespace

std::string diagnostics_text(const Diagnostics& diagnostics, const TextStyle& style) {
  std::string out;
  for (const Diagnostic& d : diagnostics.all()) append_item(out, d, diagnostics.sources(), style);
  if (diagnostics.dropped() > 0) out += fmt::format("… and {} more\n", diagnostics.dropped());
  return out;
}

std::string diagnostics_summary(const Diagnostics& diagnostics) {
  std::string out =
      diagnostics.errors() == 0 ? "no errors" : counted(diagnostics.errors(), "error");
  if (diagnostics.warnings() > 0) out += ", " + counted(diagnostics.warnings(), "warning");
  return out;
}

}  // namespace autopilot::render
