#pragma once
// Rows of a log by column: what was asked for of each, in the order of the rows.

#include <cstdint>
#include <string>
#include <vector>

namespace autopilot::events {

// What a column is read as.
enum class Kind {
  number,       // `numbers`; finite
  share,        // a number in (0, 1]: a propensity
  probability,  // a number in [0, 1]
  label,        // `codes`: text, or a number as it is written
  value,        // `numbers` where it is one, else NaN there and a code; both empty: absent
  time,         // `integers`: microseconds since 1970
  key,          // `integers`: a hash of the text
  line,         // `integers`: the line of its file that it begins in, 1-based; no log has it
};

struct WantedColumn {
  std::string name;  // of the header, or the path of a JSON member ("context.device")
  Kind kind = Kind::number;
  bool required = true;  // a row without it is bad; else it has `otherwise`
  double otherwise = 0;  // of a number
  bool is_kept = true;   // by a RowStore; else only seen as rows pass
};

// Wanted columns, in the order of a batch's.
using Schema = std::vector<WantedColumn>;

inline constexpr std::uint32_t kNoLabel = 0xffffffff;

// The vectors that its kind names have one element for each row, the others are empty.
struct Column {
  std::vector<double> numbers;
  std::vector<std::uint32_t> codes;  // of the column's labels; kNoLabel: absent
  std::vector<std::int64_t> integers;

  void resize(Kind kind, std::size_t rows);
};

struct Batch {
  std::string file;         // that all rows are of
  std::uint64_t first = 0;  // ordinal of the first row among all good rows
  std::size_t rows = 0;
  std::vector<Column> columns;

  std::size_t bytes() const;  // of all elements
};

}  // namespace autopilot::events
