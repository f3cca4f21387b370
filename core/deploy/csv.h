#pragma once
// Comma-separated values (RFC 4180) a record at a time: quotes, doubled quotes, breaks within
// quotes. Bounded by the text.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace autopilot::deploy {

class CsvReader {
 public:
  explicit CsvReader(std::string_view text, char separator = ',')
      : text_(text), separator_(separator) {}

  // Null at the end. Empty lines are passed over.
  std::optional<std::vector<std::string>> next();
  std::size_t line() const { return line_; }  // 1-based, of the record that next() gave
  bool ended() const { return ended_; }       // whether that record had an end of line

 private:
  std::string_view text_;
  char separator_;
  std::size_t at_ = 0;
  std::size_t next_line_ = 1;
  std::size_t line_ = 0;
  bool ended_ = true;
};

}  // namespace autopilot::deploy
