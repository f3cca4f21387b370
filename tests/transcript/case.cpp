#include "tests/transcript/case.h"

#include <string_view>

namespace autopilot::transcript {
namespace {

bool starts_with(std::string_view text, std::string_view head) {
  return text.substr(0, head.size()) == head;
}

bool is_exit_code(const std::string& line) {
  return line.size() > 2 && starts_with(line, "? ") &&
         line.find_first_not_of("0123456789", 2) == std::string::npos;
}

// The commands of the block whose lines are [at, end).
void read_console(Case& c, std::size_t at, std::size_t end) {
  while (at < end) {
    if (!starts_with(c.lines[at], "$ ")) {
      ++at;
      continue;
    }
    Step step;
    step.line = at + 1;
    step.text = c.lines[at++].substr(2);
    while (at < end && starts_with(c.lines[at], "> ")) step.text += "\n" + c.lines[at++].substr(2);
    step.begin = at;
    if (at < end && is_exit_code(c.lines[at])) step.exit = std::stoi(c.lines[at++].substr(2));
    while (at < end && !starts_with(c.lines[at], "$ ")) step.output.push_back(c.lines[at++]);
    step.end = at;
    // Empty lines at the end are layout, not output.
    while (!step.output.empty() && step.output.back().empty()) {
      step.output.pop_back();
      --step.end;
    }
    c.steps.push_back(std::move(step));
  }
}

void read_file(Case& c, const std::string& info, std::size_t at, std::size_t end) {
  const std::size_t mark = info.find("file=");
  if (mark == std::string::npos) return;
  Step step;
  step.line = at;
  step.file = info.substr(mark + 5, info.find(' ', mark) - mark - 5);
  for (; at < end; ++at) step.text += c.lines[at] + "\n";
  c.steps.push_back(std::move(step));
}

void read_needs(Case& c, const std::string& line) {
  constexpr std::string_view kHead = "<!-- needs: ";
  if (!starts_with(line, kHead)) return;
  for (std::size_t at = kHead.size(); at < line.size();) {
    const std::size_t space = line.find(' ', at);
    const std::string word = line.substr(at, space - at);
    if (word == "-->" || space == std::string::npos) return;
    c.needs.push_back(word);
    at = space + 1;
  }
}

bool line_matches(std::string_view pattern, std::string_view text) {
  constexpr std::string_view kAny = "[..]";
  const std::size_t wild = pattern.find(kAny);
  if (wild == std::string_view::npos) return pattern == text;
  if (text.substr(0, wild) != pattern.substr(0, wild)) return false;
  const std::string_view rest = pattern.substr(wild + kAny.size());
  for (std::size_t at = wild; at <= text.size(); ++at) {
    if (line_matches(rest, text.substr(at))) return true;
  }
  return false;
}

bool match_from(const std::vector<std::string>& expected, std::size_t e,
                const std::vector<std::string>& output, std::size_t o) {
  for (; e < expected.size(); ++e, ++o) {
    if (expected[e] == "...") {
      for (std::size_t skip = o; skip <= output.size(); ++skip) {
        if (match_from(expected, e + 1, output, skip)) return true;
      }
      return false;
    }
    if (o == output.size() || !line_matches(expected[e], output[o])) return false;
  }
  return o == output.size();
}

}  // namespace

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = text.find('\n', at);
    if (end == std::string::npos) end = text.size();
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

Case parse(const std::string& markdown) {
  Case c;
  c.lines = lines_of(markdown);
  for (std::size_t at = 0; at < c.lines.size(); ++at) {
    if (!starts_with(c.lines[at], "```")) {
      read_needs(c, c.lines[at]);
      continue;
    }
    const std::string fence = c.lines[at].substr(0, c.lines[at].find_first_not_of('`'));
    const std::string info = c.lines[at].substr(fence.size());
    std::size_t end = at + 1;
    while (end < c.lines.size() && c.lines[end] != fence) ++end;
    if (info == "console")
      read_console(c, at + 1, end);
    else
      read_file(c, info, at + 1, end);
    at = end;
  }
  return c;
}

bool matches(const std::vector<std::string>& expected, const std::vector<std::string>& output) {
  // Empty lines at the end are layout in the file, so they are none of the output either.
  std::vector<std::string> trimmed = output;
  while (!trimmed.empty() && trimmed.back().empty()) trimmed.pop_back();
  return match_from(expected, 0, trimmed, 0);
}

}  // namespace autopilot::transcript
