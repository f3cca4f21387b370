#include "core/decide/line_source.h"

#include <algorithm>

namespace autopilot::decide {

// Forgets the batch handed out last. What was read beyond it is short, for fill() stops in time.
void LineSource::drop_batch() {
  if (batch_lines_ > 0) text_.resize(text_.size() - kPadding);
  text_.erase(0, batch_);
  ends_.erase(ends_.begin(), ends_.begin() + static_cast<std::ptrdiff_t>(batch_lines_));
  for (std::size_t& end : ends_) end -= batch_;
  batch_ = batch_lines_ = 0;
}

// Reads until there is a whole line and nothing more is waiting, or until a batch is full.
void LineSource::fill() {
  const auto is_full = [&] { return ends_.size() >= kBatchLines || text_.size() >= kBatchBytes; };
  while (!ended_ && (ends_.empty() || (!is_full() && files_.stdin_ready()))) {
    const std::string piece = files_.read_stdin();
    ended_ = piece.empty();
    take(piece);
  }
}

void LineSource::take(const std::string& piece) {
  for (std::size_t at = 0; (at = piece.find('\n', at)) != std::string::npos; ++at)
    ends_.push_back(text_.size() + at);
  text_ += piece;
  if (ends_.empty()) cut();
}

// Keeps of a line that is too long no more than shows that it is.
void LineSource::cut() {
  if (text_.size() <= kLongestLine) return;
  text_.resize(kLongestLine + 1);
  text_.back() = '?';  // no space, which add() would take away
}

// Hands out at most kBatchLines whole lines; at the end of the input the last one needs no end.
void LineSource::split(std::vector<InputLine>& lines) {
  if (ended_ && !text_.empty() && text_.back() != '\n' && ends_.size() < kBatchLines)
    ends_.push_back(text_.size());
  batch_lines_ = std::min(ends_.size(), kBatchLines);
  const std::size_t size = text_.size();
  text_.append(kPadding, ' ');
  std::size_t begin = 0;
  for (std::size_t i = 0; i < batch_lines_; ++i) {
    add(std::string_view(text_).substr(begin, ends_[i] - begin), lines);
    begin = ends_[i] + 1;
  }
  batch_ = std::min(begin, size);
}

void LineSource::add(std::string_view text, std::vector<InputLine>& lines) {
  ++line_;
  if (line_ == 1 && text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  while (!text.empty() && (text.back() == '\r' || text.back() == ' ' || text.back() == '\t'))
    text.remove_suffix(1);
  if (text.empty() || (line_ == 1 && text.starts_with("{\"schema\":"))) return;
  lines.push_back({text, line_});
}

bool LineSource::next(std::vector<InputLine>& lines) {
  lines.clear();
  while (lines.empty()) {
    drop_batch();
    fill();
    if (text_.empty()) return false;
    split(lines);
  }
  return true;
}

}  // namespace autopilot::decide
