#pragma once
// Registers of a program that runs on columns, and the operands of its instructions: an input, a
// register or a constant, seen alike.

#include <cstdint>
#include <vector>

#include "core/expr/columns.h"
#include "core/expr/row_set.h"
#include "core/expr/val.h"

namespace autopilot::expr {

// What an instruction reads. Of the rows asked for, some are `typed` (of the column's kind; any
// value where the kind is any), some null, and the rest `missing`: absent, or an error.
struct ColumnView {
  Column column;
  const Val* uniform = nullptr;  // the same value in every row
  bool is_register = false;      // rows that are not present hold an error

  bool is(ColumnKind kind) const { return uniform == nullptr && column.kind == kind; }
  RowSet typed(const RowSet& rows) const;
  RowSet nulls(const RowSet& rows) const;
  Val value(std::uint32_t row, Arena& arena) const;  // an error where a register holds one
};

class RegisterColumn {
 public:
  // Forgets everything.
  void clear();

  ColumnView view() const;

  // What is stored replaces what the rows held. Sources may be longer than needed, not shorter.
  void store_reals(const RowSet& rows, std::vector<double>& computed);  // may take its memory
  void store_codes(const RowSet& rows, std::vector<std::uint32_t>& computed,
                   const Dictionary& dictionary);  // likewise; has codes in all rows
  void store_booleans(const RowSet& rows, const RowSet& values);
  void store(const RowSet& rows, const Val& constant);  // must outlive the register
  void store(std::uint32_t row, const Val& value);
  void store(const RowSet& rows, const ColumnView& from, Arena& arena);
  void fail(const RowSet& rows);
  // As a column of its own, without errors: absent in the rows that hold none.
  Column finish(std::uint32_t rows);
  void clear_error(const RowSet& rows) { failed_ -= rows; }

  const RowSet& failed() const { return failed_; }

 private:
  bool become(ColumnKind kind, const Dictionary* dictionary);
  void become_any();
  void drop(const RowSet& rows);

  bool used_ = false;
  ColumnKind kind_ = ColumnKind::absent;
  const Dictionary* dictionary_ = nullptr;
  const Val* uniform_ = nullptr;
  RowSet held_, nulls_, present_, failed_;  // present: held or null
  RowSet booleans_;
  std::vector<double> reals_;
  std::vector<std::uint32_t> codes_;
  std::vector<Val> values_;
};

}  // namespace autopilot::expr
