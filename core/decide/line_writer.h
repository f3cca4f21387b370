#pragma once
// Writes a line at the end of a string, piece by piece. The room is made ahead, so that a piece
// costs little more than its copy: a decision line has a hundred of them, most a few bytes long.

#include <charconv>
#include <cstring>
#include <string>
#include <string_view>

#include "core/base/json.h"
#include "core/base/micros.h"
#include "core/base/time.h"

namespace autopilot::decide {

// The string holds more than the line until the writer is gone.
class LineWriter {
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
  void text(std::string_view content) {  // a JSON string
    if (!is_plain_json(content)) return escaped(content);
    put("\"");
    put(content);
    put("\"");
  }
  void integer(std::int64_t value) {
    char* const to = room(kNumber);
    wrote(std::to_chars(to, to + kNumber, value).ptr);
  }
  void real(double value) { wrote(write_double(room(kNumber), value)); }
  void micros(std::int64_t value) {
    if (value % 1'000'000 != 0) return put(micros_text(value));
    integer(value / 1'000'000);
  }
  void time(Instant t) {
    put("\"");
    wrote(write_rfc3339(room(kNumber), t));
    put("\"");
  }

 private:
  static constexpr std::size_t kNumber = 32;  // bytes; no number or time is longer

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
