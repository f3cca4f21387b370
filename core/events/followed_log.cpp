#include "core/events/followed_log.h"

#include <algorithm>

#include "core/base/error.h"
#include "core/base/hash.h"

namespace autopilot::events {

FollowedLog::FollowedLog(File file, Start start)
    : file_(std::move(file)),
      text_(std::move(start.before)),
      base_(start.offset - text_.size()),
      begin_(start.offset),
      offset_(start.offset),
      mark_(start.offset),
      was_cut_(start.was_cut) {}

bool FollowedLog::next(std::string_view& line) {
  skip_hole();
  std::uint64_t from = offset_;
  for (;;) {
    const std::size_t end = text_.find('\n', static_cast<std::size_t>(from - base_));
    if (end != std::string::npos) {
      const auto begin = static_cast<std::size_t>(offset_ - base_);
      line = std::string_view(text_).substr(begin, end - begin);
      line_offset_ = offset_;
      ++lines_;
      offset_ += line.size() + 1;
      return true;
    }
    const std::uint64_t seen = base_ + text_.size();
    if (seen - offset_ > kLongestLine) {
      throw Error(ErrorKind::invalid, file_.path + " has a line of more than 4 MiB",
                  "a log has one event a line");
    }
    if (!fill()) return take_rest(line);
    from = skip_hole() ? offset_ : seen;
  }
}

std::uint64_t FollowedLog::line() {
  if (!lines_before_) lines_before_ = count_lines(begin_);
  return *lines_before_ + lines_;
}

// Line ends before an offset.
std::uint64_t FollowedLog::count_lines(std::uint64_t end) {
  std::uint64_t out = 0;
  for (std::uint64_t at = 0; at < end;) {
    const std::string piece =
        file_.bytes->read(at, static_cast<std::size_t>(std::min<std::uint64_t>(kPiece, end - at)));
    if (piece.empty()) break;
    out += static_cast<std::uint64_t>(std::count(piece.begin(), piece.end(), '\n'));
    at += piece.size();
  }
  return out;
}

// A writer that does not append leaves a hole where its file was cut: bytes of zero before its next
// line. Whether there was one.
bool FollowedLog::skip_hole() {
  const auto begin = static_cast<std::size_t>(offset_ - base_);
  const std::size_t end = std::min(text_.find_first_not_of('\0', begin), text_.size());
  offset_ += end - begin;
  return end > begin;
}

// What is behind the mark and the line at hand makes room.
bool FollowedLog::fill() {
  const std::uint64_t end = base_ + text_.size();
  std::string piece = file_.bytes->read(end, kPiece);
  at_end_ = piece.empty();
  if (at_end_) return false;
  if (offset_ - base_ > kTail) {
    if (!has_tail_ && mark_ < offset_) keep_tail();
    text_.erase(0, static_cast<std::size_t>(offset_ - base_ - kTail));
    base_ = offset_ - kTail;
  }
  text_ += piece;
  return true;
}

bool FollowedLog::take_rest(std::string_view& line) {
  const std::size_t begin = static_cast<std::size_t>(offset_ - base_);
  if (begin == text_.size() || !file_.bytes->is_over()) return false;
  line = std::string_view(text_).substr(begin);
  line_offset_ = offset_;
  ++lines_;
  offset_ += line.size();
  return true;
}

std::string FollowedLog::tail_at_mark() const {
  if (has_tail_) return tail_;
  const std::string_view before =
      std::string_view(text_).substr(0, static_cast<std::size_t>(mark_ - base_));
  return to_hex(sha256(before.substr(before.size() - std::min(before.size(), kTail))));
}

void FollowedLog::keep_tail() {
  tail_ = tail_at_mark();
  has_tail_ = true;
}

LogCursor FollowedLog::cursor(Instant now) const {
  LogCursor out;
  out.path = file_.path;
  out.inode = file_.inode;
  out.head = to_hex(sha256(file_.head));
  out.head_bytes = file_.head.size();
  out.offset = mark_;
  out.tail = tail_at_mark();
  out.seen = now;
  const bool is_done = file_.bytes->is_over() || !file_.bytes->fault().empty();
  if (file_.bytes->is_packed() && is_done && at_end_ && mark_ == base_ + text_.size()) {
    out.stamp = file_.stamp;
  }
  return out;
}

}  // namespace autopilot::events
