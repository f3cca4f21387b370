#pragma once
// Records column by column: for each slot of a SlotTable the values of up to kBatchRows records.
// What stores recorded decisions fills it, programs that are evaluated for many records at once
// read it (column_program.h), and each row can be handed out as the values that Program::evaluate()
// reads. Columns are views: whoever fills them owns the memory.

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/expr/arena.h"
#include "core/expr/row_set.h"
#include "core/expr/val.h"

namespace autopilot::expr {

// The distinct values of a run, by code. Shared by columns and batches; grows, never changes: what
// a code means can be remembered. It may grow only while nobody evaluates. Code 0 is the empty
// string.
class Dictionary {
 public:
  static constexpr std::uint32_t kEmptyText = 0;

  Dictionary() { add(Val::of_string("")); }
  Dictionary(const Dictionary&) = delete;
  Dictionary& operator=(const Dictionary&) = delete;

  // The new value's code. What the value points to must outlive the dictionary. REQUIRES a value
  // (null will do, absent or an error won't), and no string twice.
  std::uint32_t add(const Val& value);
  void reserve(std::size_t values) { values_.reserve(values); }

  std::uint32_t size() const { return static_cast<std::uint32_t>(values_.size()); }
  const Val& operator[](std::uint32_t code) const { return values_[code]; }
  const Val* values() const { return values_.data(); }
  // True while it holds only strings: two codes then differ exactly when the strings do.
  bool only_text() const { return only_text_; }
  std::uint32_t longest_text() const { return longest_text_; }  // bytes

 private:
  std::vector<Val> values_;
  bool only_text_ = true;
  std::uint32_t longest_text_ = 0;
};

// A slot's column may be of another kind in the next batch.
enum class ColumnKind : std::uint8_t {
  absent,     // in every row
  real,       // `reals`
  boolean,    // `booleans`
  coded,      // `codes`, one a row: strings mostly, but any value that comes often
  lists,      // lists of values in the dictionary: row r has codes[offsets[r], offsets[r + 1])
  maps,       // maps likewise: keys[offsets[r] …] and, beside each, its value in codes[…]
  timestamp,  // `seconds` and `nanos`
  any,        // `values`: rows of different types, and all that fits nowhere else
};

// Pointers that the kind does not name are ignored. Where a row is absent or null, its element of
// `reals`, `seconds` or `nanos` is whatever it is, its code is that of some value (0 will do), its
// list or map is empty.
struct Column {
  ColumnKind kind = ColumnKind::absent;
  // Bit sets of words_for(rows) words; bits beyond the last row are ignored. Unused for kinds
  // absent and any (there the values themselves tell).
  const std::uint64_t* present = nullptr;  // rows that have a value, null included; nullptr: all
  const std::uint64_t* nulls = nullptr;    // rows whose value is null; nullptr: none

  const double* reals = nullptr;
  const std::uint64_t* booleans = nullptr;  // a bit set likewise
  const std::uint32_t* codes = nullptr;
  const std::uint32_t* keys = nullptr;     // codes of strings, no key twice in a row
  const std::uint32_t* offsets = nullptr;  // rows + 1 of them
  const std::int64_t* seconds = nullptr;
  const std::uint32_t* nanos = nullptr;
  const Val* values = nullptr;
  const Dictionary* dictionary = nullptr;  // of codes and keys

  bool is_present(std::uint32_t row) const;
  // The value of a row, as the record itself would have given it; absent where it has none. Lists
  // and maps are made in the arena, strings are views of the dictionary.
  Val value(std::uint32_t row, Arena& arena) const;

 private:
  Val list(std::uint32_t row, Arena& arena) const;
  Val map(std::uint32_t row, Arena& arena) const;
};

struct Batch {
  std::uint32_t rows = 0;       // at most kBatchRows
  std::vector<Column> columns;  // by slot; slots beyond its end are absent

  const Column& column(std::uint32_t slot) const {
    static constexpr Column kNone;
    return slot < columns.size() ? columns[slot] : kNone;
  }
  Val value(std::uint32_t slot, std::uint32_t row, Arena& arena) const {
    return column(slot).value(row, arena);
  }
};

}  // namespace autopilot::expr
