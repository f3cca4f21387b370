#pragma once
// A log that grows and is rotated, followed line by line. The file is known by its inode and its
// first bytes: renamed, it is read to its end under its new name; a new one in its place, and one
// that was cut and begun anew, are read from their beginning.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/world.h"

namespace autopilot::loop {

// How far a file was read.
struct LogCursor {
  std::string path;  // when it was last read
  std::uint64_t inode = 0;
  std::string head;  // SHA-256 of its first `head_bytes`
  std::uint64_t head_bytes = 0;
  std::uint64_t offset = 0;  // behind the last line that was taken

  friend bool operator==(const LogCursor&, const LogCursor&) = default;
};

// The files that the patterns name, sorted; those that are not there are left out.
std::vector<std::string> find_logs(Files& files, const std::string& root,
                                   const std::vector<std::string>& patterns);

class LogFile {
 public:
  static constexpr std::size_t kPiece = 1 << 20;
  static constexpr std::size_t kLongestLine = 4 << 20;

  // Goes on where the cursor of this file among `known` ended.
  LogFile(Files& files, std::string path, const std::vector<LogCursor>& known);

  // The next whole line, without its end; false at the end of what is there. What has no end of
  // line yet waits for it. The view lives until the next call.
  bool next(std::string_view& line);
  std::uint64_t offset() const { return offset_; }            // behind that line
  std::uint64_t line_offset() const { return line_offset_; }  // of its first byte
  // A cursor that ends at an offset within what was read.
  LogCursor cursor_at(std::uint64_t offset) const;
  const std::string& path() const { return path_; }
  // Whether the file that a cursor of the same inode stands for is gone: cut and begun anew.
  bool was_cut() const { return was_cut_; }

 private:
  bool fill();

  Files& files_;
  std::string path_;
  LogCursor start_;
  std::string text_;    // from offset_text_ on
  std::size_t at_ = 0;  // in text_
  std::uint64_t offset_ = 0;
  std::uint64_t read_ = 0;  // offset behind text_
  std::uint64_t line_offset_ = 0;
  bool was_cut_ = false;
};

}  // namespace autopilot::loop
