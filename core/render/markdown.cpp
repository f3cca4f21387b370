#include "core/render/markdown.h"

#include <algorithm>

#include "core/base/text.h"
#include "core/render/chart_text.h"
#include "core/render/text.h"

namespace autopilot::render {
namespace {

std::string escaped(std::string_view text) {
  constexpr std::string_view kSpecial = "\\`*_[]<>|~&#!";
  std::string out;
  for (const char c : visible(text)) {
    if (kSpecial.find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

// Emphasis for the tone. Spaces stay outside of the markers, which Markdown would take as text
// otherwise.
std::string emphasised(const Run& run) {
  const std::string_view text = run.text;
  const std::string_view core = trim(text);
  if (core.empty() || run.tone == Tone::plain || run.tone == Tone::dim) return escaped(text);
  const std::size_t begin = static_cast<std::size_t>(core.data() - text.data());
  const char* mark = run.tone == Tone::removed ? "~~" : "**";
  return escaped(text.substr(0, begin)) + mark + escaped(core) + mark +
         escaped(text.substr(begin + core.size()));
}

std::string inline_text(const Line& line) {
  std::string out;
  for (const Run& run : line.runs) out += emphasised(run);
  return out;
}

std::string raw_text(const Line& line) {
  std::string out;
  for (const Run& run : line.runs) out += visible(run.text);
  return out;
}

bool is_diff(const Lines& block) {
  return std::any_of(block.lines.begin(), block.lines.end(), [](const Line& line) {
    return std::any_of(line.runs.begin(), line.runs.end(), [](const Run& r) {
      return r.tone == Tone::added || r.tone == Tone::removed;
    });
  });
}

// Longer than any run of backticks inside.
std::string fence_for(std::string_view text) {
  std::size_t longest = 2, run = 0;
  for (const char c : text) {
    run = c == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  return std::string(longest + 1, '`');
}

class MarkdownWriter {
 public:
  void operator()(const Heading& heading) { out_ += "## " + escaped(heading.text) + "\n"; }

  void operator()(const Paragraph& paragraph) {
    const std::string text = inline_text(paragraph.line);
    // What would start a list or a quote is text here.
    if (!text.empty() && std::string_view("-+=").find(text[0]) != std::string_view::npos)
      out_ += '\\';
    out_ += text + "\n";
  }

  void operator()(const Lines& block) {
    std::string text;
    for (const Line& line : block.lines) text += raw_text(line) + "\n";
    const std::string fence = fence_for(text);
    out_ += fence + (is_diff(block) ? "diff\n" : "text\n") + text + fence + "\n";
  }

  void operator()(const Table& table) {
    std::size_t columns = table.columns.size();
    for (const auto& row : table.rows) columns = std::max(columns, row.size());
    if (columns == 0) return;
    out_ += '|';
    for (std::size_t c = 0; c < columns; ++c)
      cell(c < table.columns.size() ? escaped(table.columns[c]) : "");
    out_ += "\n|";
    for (std::size_t c = 0; c < columns; ++c) {
      cell(c < table.right.size() && table.right[c] ? "---:" : "---");
    }
    out_ += '\n';
    for (const auto& row : table.rows) {
      out_ += '|';
      for (std::size_t c = 0; c < columns; ++c) cell(c < row.size() ? inline_text(row[c]) : "");
      out_ += '\n';
    }
  }

  void operator()(const Tree& tree) { branch(tree, 0); }
  void operator()(const Chart& chart) { (*this)(Lines{chart_lines(chart, {})}); }

  std::string finish() { return std::move(out_); }
  void gap() { out_ += '\n'; }

 private:
  void cell(const std::string& text) { out_ += " " + text + (text.empty() ? "|" : " |"); }
  void branch(const Tree& tree, std::size_t depth) {
    out_ += std::string(2 * depth, ' ') + "- " + inline_text(tree.line) + "\n";
    for (const Tree& child : tree.children) branch(child, depth + 1);
  }

  std::string out_;
};

}  // namespace

std::string report_markdown(const Report& report) {
  MarkdownWriter writer;
  bool first = true;
  for (const Block& block : report.text) {
    if (!first) writer.gap();
    first = false;
    std::visit(writer, block);
  }
  return writer.finish();
}

}  // namespace autopilot::render
