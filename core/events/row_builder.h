#pragma once
// Puts the texts of one row after another into the columns of a batch, whatever format they were
// read from.

#include <array>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "core/events/bad_rows.h"
#include "core/events/batch.h"
#include "core/events/labels.h"
#include "core/events/time_text.h"

namespace autopilot::events {

// A batch as one thread makes it: codes are of its own labels.
struct Parsed {
  Batch batch;
  std::vector<Labels> labels;  // by column
  BadRows bad;                 // without file; lines counted from the chunk's first
  std::size_t expected = 0;    // rows that there will be, about; 0: unknown
  std::uint64_t lines = 0;
  std::uint64_t open_quote = 0;  // the line where a quote begins that swallows further lines; or 0
};

// The last text that was read as a number, which is often that of the next row, too: propensities.
class NumberMemo {
 public:
  // False when it is another text.
  bool find(std::string_view text, double& out) const {
    if (text.size() != size_ || std::memcmp(text.data(), text_.data(), size_) != 0) return false;
    out = value_;
    return true;
  }
  void keep(std::string_view text, double value) {
    if (text.size() > text_.size()) return;
    size_ = text.size();
    text.copy(text_.data(), size_);
    value_ = value;
  }

 private:
  std::array<char, 32> text_{};
  std::size_t size_ = ~std::size_t{0};
  double value_ = 0;
};

// A number as JSON and CSV write it; NaN and infinity are none.
bool parse_number(std::string_view text, double& out);

class RowBuilder {
 public:
  RowBuilder(const Schema& schema, Parsed& out);

  // `guess`: rows that there may be when nothing better is expected.
  void reserve(std::size_t guess);
  void begin(std::uint64_t line);
  // `column` is an index of the schema. An empty text is no value.
  void text(std::size_t column, std::string_view text);
  void number(std::size_t column, double value, std::string_view written);
  void fault(std::string reason, std::string why);  // the row is bad; the first fault counts
  bool has(std::size_t column) const { return seen_[column] == row_; }
  bool is_bad() const { return is_bad_; }
  // Keeps the row when all that is required is there.
  void end();

 private:
  bool read_number(std::size_t column, std::string_view text, double& out);
  void store(std::size_t column, double value, std::string_view written);
  void not_a_number(std::size_t column, std::string_view text);
  void label(std::size_t column, std::string_view text);
  void time(std::size_t column, std::string_view text);
  void fill(std::size_t column);

  const Schema& schema_;
  Parsed& out_;
  std::vector<std::uint64_t> seen_;  // by column: the row that had it last
  std::vector<NumberMemo> memos_;    // by column
  std::uint64_t row_ = 0;            // counts begin()
  std::uint64_t line_ = 0;
  std::size_t capacity_ = 0;
  bool is_bad_ = false;
  KnownDay day_;
};

}  // namespace autopilot::events
