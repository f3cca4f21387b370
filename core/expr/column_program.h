#pragma once
// A program that runs on many records at once: each instruction on all rows that arrive at it, a
// column at a time (MonetDB/X100, Boncz et al. 2005). What an instruction makes of a string is
// found out once for each distinct one. Whatever has no columnar form runs through the machine, row
// by row, so that both give the same.

#include <cstdint>
#include <memory>

#include "core/expr/columns.h"
#include "core/expr/program.h"
#include "core/expr/row_set.h"

namespace autopilot::expr {

// Of a condition. Rows in neither set are false.
struct Verdicts {
  RowSet yes;
  RowSet failed;  // an error, or a value that is neither true nor false
};

struct ColumnValues {
  Column column;  // absent in rows that failed or were not asked for
  RowSet failed;
};

// One for each thread and program. Remembers outcomes by dictionary code: its dictionaries must
// live until forget() or its end.
class ColumnProgram {
 public:
  explicit ColumnProgram(const Program& program);  // which must outlive it
  ~ColumnProgram();
  ColumnProgram(ColumnProgram&&) noexcept;
  ColumnProgram& operator=(ColumnProgram&&) noexcept;

  // Evaluates for `rows` of the batch. Every row has the scratch's cost_limit to itself. `costs`,
  // when given, holds what each row has spent so far, as Scratch::cost does for a record, and is
  // added to; else rows start at 0. The scratch's own cost stays as it is.
  Verdicts test(const Batch& batch, const RowSet& rows, Scratch& scratch,
                std::uint64_t* costs = nullptr);

  // The same for a value of any type. The column lives until the next call or the scratch's reset.
  ColumnValues evaluate(const Batch& batch, const RowSet& rows, Scratch& scratch,
                        std::uint64_t* costs = nullptr);

  void forget();

 private:
  class Run;
  std::unique_ptr<Run> run_;
};

// One row by itself, errors with their reason included. Adds to the scratch's cost.
Val evaluate_row(const Program& program, const Batch& batch, std::uint32_t row, Scratch& scratch);

}  // namespace autopilot::expr
