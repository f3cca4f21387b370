#pragma once
// Writes a line at the end of a string, piece by piece. The room is made ahead, so that a piece
// costs little more than its copy: a decision line has a hundred of them, most a few bytes long.

#include <cstring>
#include <string>
#include <string_view>

#include "core/decide/line_pieces.h"

namespace autopilot::decide {

// The string holds more than the line until the writer is gone.
class LineWriter : public LinePieces<LineWriter> {
 public:
  // `room`: bytes that the line is likely to need.
  LineWriter(std::string& out, std::size_t room) : out_(out), size_(out.size()) {
    out_.resize(size_ + room);
  }
  ~LineWriter() { out_.resize(size_); }
  LineWriter(const LineWriter&) = delete;
  LineWriter& operator=(const LineWriter&) = delete;

  void put(std::string_view piece) {  // as it is
    if (piece.empty()) return;
    std::memcpy(room(piece.size()), piece.data(), piece.size());
    size_ += piece.size();
  }
  template <std::size_t N>
  void literal(const char (&piece)[N]) {
    std::memcpy(room(N - 1), piece, N - 1);
    size_ += N - 1;
  }
  void time(Instant t) {
    literal("\"");
    wrote(write_rfc3339(room(kNumber), t));
    literal("\"");
  }

 private:
  friend class LinePieces<LineWriter>;

  char* room(std::size_t bytes) {
    if (out_.size() - size_ < bytes) out_.resize(2 * out_.size() + bytes);
    return out_.data() + size_;
  }
  void wrote(const char* behind) { size_ = static_cast<std::size_t>(behind - out_.data()); }
  void escaped(std::string_view content) {
    out_.resize(size_);
    append_json_string(out_, content);
    size_ = out_.size();
  }

  std::string& out_;
  std::size_t size_;  // of what is written
};

}  // namespace autopilot::decide
