#pragma once
// Compares a line with the pieces that LineWriter would write, in place: most pieces of a line that
// is taken again are views of the line itself, and are the same by being there.

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "core/decide/line_pieces.h"

namespace autopilot::decide {

class LineMatcher : public LinePieces<LineMatcher> {
 public:
  // Ends what came before. The line must be there until the last piece.
  void begin(std::string_view line) {
    at_ = line.data();
    end_ = at_ + line.size();
    same_ = true;
  }
  // Whether the pieces since begin() are the line.
  bool matches() const { return same_ && at_ == end_; }

  void put(std::string_view piece) { pass(piece.size(), stands(piece, at_)); }
  template <std::size_t N>
  void literal(const char (&piece)[N]) {
    pass(N - 1, left() >= N - 1 && std::memcmp(at_, piece, N - 1) == 0);
  }
  void text(std::string_view content) {
    const bool is_here = left() >= content.size() + 2 && *at_ == '"' &&
                         at_[content.size() + 1] == '"' && stands(content, at_ + 1);
    if (!is_here || !is_plain_json(content)) return LinePieces::text(content);
    at_ += content.size() + 2;
  }
  void time(Instant t) {
    if (!(time_ == t)) {
      time_ = t;
      time_text_ = '"' + format_rfc3339(t) + '"';
    }
    put(time_text_);
  }

 private:
  friend class LinePieces<LineMatcher>;

  std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }
  bool stands(std::string_view piece, const char* at) const {
    return piece.size() <= static_cast<std::size_t>(end_ - at) &&
           (piece.data() == at || same(piece.data(), at, piece.size()));
  }
  // Most pieces are too short to be worth a call.
  static bool same(const char* a, const char* b, std::size_t size) {
    if (size > 16) return std::memcmp(a, b, size) == 0;
    if (size >= 8) return same_word<std::uint64_t>(a, b, size);
    if (size >= 4) return same_word<std::uint32_t>(a, b, size);
    for (std::size_t i = 0; i < size; ++i) {
      if (a[i] != b[i]) return false;
    }
    return true;
  }
  // By the first and the last word, which overlap.
  template <class Word>
  static bool same_word(const char* a, const char* b, std::size_t size) {
    const auto word = [](const char* at) {
      Word out = 0;
      std::memcpy(&out, at, sizeof out);
      return out;
    };
    const std::size_t last = size - sizeof(Word);
    return ((word(a) ^ word(b)) | (word(a + last) ^ word(b + last))) == 0;
  }
  void pass(std::size_t size, bool is_same) {
    same_ = same_ && is_same;
    if (same_) at_ += size;
  }

  char* room(std::size_t) { return number_.data(); }
  void wrote(const char* behind) {
    put({number_.data(), static_cast<std::size_t>(behind - number_.data())});
  }
  void escaped(std::string_view content) {
    std::string text;
    append_json_string(text, content);
    put(text);
  }

  const char* at_ = nullptr;  // what comes next
  const char* end_ = nullptr;
  bool same_ = true;  // so far
  std::array<char, kNumber> number_;
  std::optional<Instant> time_;  // the last, and its text: neighbours often share it
  std::string time_text_;
};

}  // namespace autopilot::decide
