#pragma once
// One log that grows, read line by line from where a cursor ended. core/events/followed_logs.h
// finds out which cursor is whose.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/time.h"
#include "core/events/log_bytes.h"

namespace autopilot::events {

// How far a log was read. It is known by what is in it, not by its name: bytes are counted and
// hashed as they are unpacked, so that a log that was packed meanwhile is the same one.
struct LogCursor {
  std::string path;  // when it was last read
  std::uint64_t inode = 0;
  std::string head;  // SHA-256 of its first `head_bytes`
  std::uint64_t head_bytes = 0;
  std::uint64_t offset = 0;  // behind the last line that was taken
  std::string tail;          // SHA-256 of the last kTail bytes before `offset`; empty: was not kept
  std::string stamp;         // of a packed file that was read to its end: Files::stamp() of then
  Instant seen;              // when it was last there

  // Not read, for it held no more than another log did. `offset` is its end then.
  bool is_copy = false;

  friend bool operator==(const LogCursor&, const LogCursor&) = default;
};

class FollowedLog {
 public:
  static constexpr std::size_t kHead = 1024;  // bytes by which a log is known
  static constexpr std::size_t kTail = 4096;
  static constexpr std::size_t kPiece = 1 << 20;
  static constexpr std::size_t kLongestLine = 4 << 20;

  // Where to begin.
  struct Start {
    std::uint64_t offset = 0;
    std::string before;    // the last kTail bytes before it
    bool was_cut = false;  // what a cursor of this file stood for is gone
  };
  struct File {
    std::string path;
    std::uint64_t inode = 0;
    std::string head;   // its first bytes, kHead at most
    std::string stamp;  // when it was opened
    std::unique_ptr<LogBytes> bytes;
  };
  FollowedLog(File file, Start start);

  // The next whole line, without its end; false at the end of what is there. What has no end of
  // line yet waits for it, but for the last line of a packed file: nothing comes behind it. The
  // view lives until the next call.
  bool next(std::string_view& line);
  // What is there of a line that has no end yet; valid once next() was false.
  std::string_view rest() const {
    return std::string_view(text_).substr(static_cast<std::size_t>(offset_ - base_));
  }
  // What next() gave so far is taken: the cursor stands behind it.
  void mark() { mark_ = offset_, has_tail_ = false; }
  LogCursor cursor(Instant now) const;

  std::uint64_t begin() const { return begin_; }              // where it began
  std::uint64_t line_offset() const { return line_offset_; }  // of the first byte of the last line
  // Of the line that next() gave last, 1-based within the log as it is now. What comes before where
  // reading began is read for the first call.
  std::uint64_t line();
  const std::string& path() const { return file_.path; }
  bool was_cut() const { return was_cut_; }
  // Why it cannot be read on; empty when it can. Valid once next() was false.
  const std::string& fault() const { return file_.bytes->fault(); }

 private:
  std::uint64_t count_lines(std::uint64_t end);
  bool skip_hole();
  bool fill();
  bool take_rest(std::string_view& line);
  std::string tail_at_mark() const;
  void keep_tail();

  File file_;
  std::string text_;  // from base_ on
  std::uint64_t base_ = 0;
  std::uint64_t begin_ = 0;
  std::uint64_t offset_ = 0;  // of the next line
  std::uint64_t line_offset_ = 0;
  std::uint64_t lines_ = 0;                    // that next() gave
  std::optional<std::uint64_t> lines_before_;  // of begin_, once they were counted
  std::uint64_t mark_ = 0;
  std::string tail_;       // at the mark
  bool has_tail_ = false;  // false: it is still in text_
  bool at_end_ = false;
  bool was_cut_ = false;
};

}  // namespace autopilot::events
