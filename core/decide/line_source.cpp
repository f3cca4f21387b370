#include "core/decide/line_source.h"

#include <algorithm>

namespace autopilot::decide {

// Reads until there is a whole line and nothing more is waiting, or until a batch is full.
void LineSource::fill() {
  bool has_line = rest_.find('\n') != std::string::npos;
  if (!has_line) cut();
  while (!ended_ && (!has_line || (rest_.size() < kBatchBytes && files_.stdin_ready()))) {
    const std::string piece = files_.read_stdin();
    ended_ = piece.empty();
    has_line = has_line || piece.find('\n') != std::string::npos;
    rest_ += piece;
    if (!has_line) cut();
  }
}

// Keeps of a line that is too long no more than shows that it is.
void LineSource::cut() {
  if (rest_.size() <= kLongestLine) return;
  rest_.resize(kLongestLine + 1);
  rest_.back() = '?';  // no space, which split() would take away
}

// Bytes of `rest_` that make at most kBatchLines whole lines; all of it at the end of the input.
std::size_t LineSource::whole_lines() const {
  std::size_t end = 0;
  for (std::size_t lines = 0; lines < kBatchLines; ++lines) {
    const std::size_t newline = rest_.find('\n', end);
    if (newline == std::string::npos) return ended_ ? rest_.size() : end;
    end = newline + 1;
  }
  return end;
}

void LineSource::split(std::vector<InputLine>& lines) {
  const std::string_view all = std::string_view(batch_).substr(0, batch_.size() - kPadding);
  for (std::size_t begin = 0; begin < all.size();) {
    const std::size_t end = std::min(all.find('\n', begin), all.size());
    std::string_view text = all.substr(begin, end - begin);
    begin = end + 1;
    ++line_;
    if (line_ == 1 && text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    while (!text.empty() && (text.back() == '\r' || text.back() == ' ' || text.back() == '\t'))
      text.remove_suffix(1);
    if (text.empty() || (line_ == 1 && text.starts_with("{\"schema\":"))) continue;
    lines.push_back({text, line_});
  }
}

bool LineSource::next(std::vector<InputLine>& lines) {
  lines.clear();
  while (lines.empty()) {
    fill();
    if (rest_.empty()) return false;
    const std::size_t size = whole_lines();
    batch_.assign(rest_, 0, size);
    batch_.append(kPadding, ' ');
    rest_.erase(0, size);
    split(lines);
  }
  return true;
}

}  // namespace autopilot::decide
