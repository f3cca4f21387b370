#pragma once
// Puts the texts of one row after another into the columns of a batch, whatever format they were
// read from.

#include <string>
#include <string_view>
#include <vector>

#include "core/events/bad_rows.h"
#include "core/events/batch.h"
#include "core/events/labels.h"

namespace autopilot::events {

// A batch as one thread makes it: codes are of its own labels.
struct Parsed {
  Batch batch;
  std::vector<Labels> labels;  // by column
  BadRows bad;                 // without file; lines counted from the chunk's first
  std::uint64_t lines = 0;
};

// A number as JSON and CSV write it; NaN and infinity are none.
bool parse_number(std::string_view text, double& out);
// RFC 3339 with a T or a space, or seconds, milliseconds or microseconds since 1970.
bool parse_time(std::string_view text, std::int64_t& micros);

class RowBuilder {
 public:
  RowBuilder(const Schema& schema, Parsed& out);

  void reserve(std::size_t rows);
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
  void store(std::size_t column, double value, std::string_view written);
  void not_a_number(std::size_t column, std::string_view text);
  void label(std::size_t column, std::string_view text);
  void time(std::size_t column, std::string_view text);
  void fill(std::size_t column);

  const Schema& schema_;
  Parsed& out_;
  std::vector<std::uint64_t> seen_;  // by column: the row that had it last
  std::uint64_t row_ = 0;            // counts begin()
  std::uint64_t line_ = 0;
  std::size_t capacity_ = 0;
  bool is_bad_ = false;
  std::string day_;  // the last one parsed
  std::int64_t day_seconds_ = 0;
};

}  // namespace autopilot::events
