#include "core/render/text.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/text.h"
#include "core/render/chart_text.h"

namespace autopilot::render {
namespace {

constexpr std::size_t kGap = 2;  // columns between two columns of a table
constexpr std::size_t kNarrowest =
    24;  // a table's last column is wrapped only when it keeps this many

const char* ansi(Tone tone) {
  switch (tone) {
    case Tone::plain:
      return "";
    case Tone::strong:
      return "\x1b[1m";
    case Tone::dim:
      return "\x1b[2m";
    case Tone::good:
    case Tone::added:
      return "\x1b[32m";
    case Tone::bad:
    case Tone::removed:
      return "\x1b[31m";
    case Tone::warn:
    case Tone::changed:
      return "\x1b[33m";
  }
  return "";
}

std::size_t width_of(const Line& line) {
  std::size_t width = 0;
  for (const Run& run : line.runs) width += display_width(visible(run.text));
  return width;
}

void append(std::string& out, const Line& line, const TextStyle& style) {
  for (const Run& run : line.runs) out += painted(visible(run.text), run.tone, style.color);
}

// Fills lines with words; spaces at a break are dropped, a newline always breaks.
class Wrapper {
 public:
  explicit Wrapper(std::size_t width) : width_(width), lines_(1) {}

  void add(const Run& run) {
    const std::string_view text = run.text;
    for (std::size_t at = 0, end = 0; at < text.size(); at = end) {
      if (text[at] == '\n') {
        end = at + 1;
        break_line();
        continue;
      }
      const bool space = text[at] == ' ';
      end = space ? text.find_first_not_of(' ', at) : text.find_first_of(" \n", at);
      end = std::min(end, text.size());
      space ? gap(text.substr(at, end - at), run.tone) : word(text.substr(at, end - at), run.tone);
    }
  }

  std::vector<Line> finish() {
    flush();
    return std::move(lines_);
  }

 private:
  void break_line() {
    flush();
    lines_.emplace_back();
    used_ = 0;
    space_.text.clear();
  }
  void gap(std::string_view spaces, Tone tone) {
    flush();
    space_ = {std::string(spaces), tone};
  }
  // Pieces without a space between them are one word, whatever their tones.
  void word(std::string_view text, Tone tone) {
    word_.push_back({std::string(text), tone});
    word_width_ += display_width(visible(text));
  }
  void flush() {
    if (word_.empty()) return;
    if (used_ > 0 && used_ + space_.text.size() + word_width_ > width_) {
      lines_.emplace_back();
      used_ = 0;
      space_.text.clear();
    }
    if (!space_.text.empty()) push(space_);
    used_ += space_.text.size() + word_width_;
    for (Run& run : word_) push(run);
    word_.clear();
    word_width_ = 0;
    space_.text.clear();
  }
  void push(const Run& run) {
    std::vector<Run>& runs = lines_.back().runs;
    if (!runs.empty() && runs.back().tone == run.tone) {
      runs.back().text += run.text;
    } else {
      runs.push_back(run);
    }
  }

  std::size_t width_;
  std::vector<Line> lines_;
  std::vector<Run> word_;
  std::size_t word_width_ = 0;
  Run space_;
  std::size_t used_ = 0;
};

// ---- tables

std::vector<std::size_t> column_widths(const Table& table) {
  std::vector<std::size_t> widths;
  const auto widen = [&](std::size_t column, std::size_t width) {
    if (column >= widths.size()) widths.resize(column + 1);
    widths[column] = std::max(widths[column], width);
  };
  for (std::size_t c = 0; c < table.columns.size(); ++c)
    widen(c, display_width(visible(table.columns[c])));
  for (const auto& row : table.rows) {
    for (std::size_t c = 0; c < row.size(); ++c) widen(c, width_of(row[c]));
  }
  return widths;
}

class TableWriter {
 public:
  TableWriter(std::string& out, const Table& table, const TextStyle& style)
      : out_(out), table_(table), style_(style), widths_(column_widths(table)) {}

  void write() {
    if (!table_.columns.empty()) {
      std::vector<Line> heading;
      for (const std::string& name : table_.columns)
        heading.push_back(Line({{name, Tone::strong}}));
      row(heading);
    }
    for (const auto& cells : table_.rows) row(cells);
  }

 private:
  bool right(std::size_t column) const {
    return column < table_.right.size() && table_.right[column];
  }

  // The last cell goes over several lines when it would pass the right edge and enough room is left
  // for it.
  void row(const std::vector<Line>& cells) {
    if (cells.empty()) {
      out_ += '\n';
      return;
    }
    const std::size_t last = cells.size() - 1;
    std::size_t indent = 0;
    for (std::size_t c = 0; c < last; ++c) indent += widths_[c] + kGap;
    std::string line;
    for (std::size_t c = 0; c < last; ++c) cell(line, cells[c], c);
    std::vector<Line> tail{cells[last]};
    if (!right(last) && indent + kNarrowest <= style_.width)
      tail = wrapped(cells[last], style_.width - indent);
    if (right(last)) line.append(widths_[last] - width_of(cells[last]), ' ');
    append(line, tail[0], style_);
    finish(line);
    for (std::size_t i = 1; i < tail.size(); ++i) {
      line.assign(indent, ' ');
      append(line, tail[i], style_);
      finish(line);
    }
  }

  void cell(std::string& line, const Line& content, std::size_t column) {
    const std::size_t pad = widths_[column] - width_of(content);
    if (right(column)) line.append(pad, ' ');
    append(line, content, style_);
    line.append((right(column) ? 0 : pad) + kGap, ' ');
  }

  void finish(std::string& line) {
    line.resize(line.find_last_not_of(' ') + 1);
    out_ += line;
    out_ += '\n';
  }

  std::string& out_;
  const Table& table_;
  const TextStyle& style_;
  std::vector<std::size_t> widths_;
};

// ---- trees

struct Branches {
  const char* middle;
  const char* last;
  const char* through;
};
constexpr Branches kUnicode{"├─ ", "└─ ", "│  "};
constexpr Branches kAscii{"|- ", "`- ", "|  "};
constexpr std::size_t kBranchWidth = 3;

// `first` goes before the node's line, `rest` before what hangs below it; both are `columns` wide.
struct Prefix {
  std::string first;
  std::string rest;
  std::size_t columns = 0;
};

void write_tree(std::string& out, const Tree& tree, const Prefix& prefix, const TextStyle& style) {
  const Branches& branches = style.unicode ? kUnicode : kAscii;
  const std::size_t room =
      style.width > prefix.columns + kNarrowest ? style.width - prefix.columns : kNarrowest;
  const std::vector<Line> lines = wrapped(tree.line, room);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    out += painted(i == 0 ? prefix.first : prefix.rest, Tone::dim,
                   style.color && !prefix.first.empty());
    append(out, lines[i], style);
    out += '\n';
  }
  for (std::size_t i = 0; i < tree.children.size(); ++i) {
    const bool last = i + 1 == tree.children.size();
    write_tree(out, tree.children[i],
               {prefix.rest + (last ? branches.last : branches.middle),
                prefix.rest + (last ? "   " : branches.through), prefix.columns + kBranchWidth},
               style);
  }
}

// ---- blocks

struct BlockWriter {
  std::string& out;
  const TextStyle& style;

  void operator()(const Heading& heading) {
    out += painted(visible(heading.text), Tone::strong, style.color) + "\n";
  }
  void operator()(const Paragraph& paragraph) { lines(wrapped(paragraph.line, style.width)); }
  void operator()(const Lines& block) { lines(block.lines); }
  void operator()(const Table& table) { TableWriter(out, table, style).write(); }
  void operator()(const Tree& tree) { write_tree(out, tree, {}, style); }
  void operator()(const Chart& chart) { lines(chart_lines(chart, style)); }

  void lines(const std::vector<Line>& all) {
    for (const Line& line : all) {
      append(out, line, style);
      out += '\n';
    }
  }
};

}  // namespace

std::string painted(std::string_view text, Tone tone, bool color) {
  if (!color || tone == Tone::plain || text.empty()) return std::string(text);
  return fmt::format("{}{}\x1b[0m", ansi(tone), text);
}

std::string visible(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    const bool c1 =
        c == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
    if ((c < 0x20 && c != '\t') || c == 0x7F) {
      out += fmt::format("\\x{:02x}", c);
    } else if (c1) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[++i]));
    } else {
      out += text[i];
    }
  }
  return out;
}

std::vector<Line> wrapped(const Line& line, std::size_t width) {
  Wrapper wrapper(width);
  for (const Run& run : line.runs) wrapper.add(run);
  return wrapper.finish();
}

std::vector<std::string> wrapped_text(std::string_view text, std::size_t width) {
  std::vector<std::string> out;
  for (const Line& line : wrapped(Line(std::string(text)), width)) {
    out.emplace_back();
    for (const Run& run : line.runs) out.back() += run.text;
  }
  return out;
}

std::string report_text(const Report& report, const TextStyle& style) {
  std::string out;
  bool gap = false;
  for (const Block& block : report.text) {
    if (gap) out += '\n';
    std::visit(BlockWriter{out, style}, block);
    gap = !std::holds_alternative<Heading>(block);
  }
  return out;
}

}  // namespace autopilot::render
