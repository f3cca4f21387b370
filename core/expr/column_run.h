#pragma once
// The execution of a ColumnProgram. Rows wait at the instructions they have arrived at; as code
// only jumps forward outside loops, one pass over the instructions takes every row to its end.

#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <vector>

#include "core/expr/code.h"
#include "core/expr/column_kernels.h"
#include "core/expr/column_memo.h"
#include "core/expr/column_program.h"
#include "core/expr/column_registers.h"
#include "core/expr/machine.h"
#include "core/expr/single_steps.h"

namespace autopilot::expr {

// A quantifier whose body reads nothing but the element: elements decide one by one, whatever the
// row.
struct LoopPlan {
  std::size_t next = 0;       // the instruction that steps it
  std::size_t end = 0;        // the first one behind it
  std::uint32_t element = 0;  // register
  std::uint32_t pending = 0;  // register of errors that wait
  std::int32_t exit = -1;     // where deciding elements lead to; -1: none was seen yet
  bool broken = false;        // its elements end in ways that are not understood
};

class ColumnProgram::Run {
 public:
  explicit Run(const Program& program);

  Verdicts test(const Batch& batch, const RowSet& rows, Scratch& scratch, std::uint64_t* costs);
  ColumnValues evaluate(const Batch& batch, const RowSet& rows, Scratch& scratch,
                        std::uint64_t* costs);
  void forget();

 private:
  // What a test found; other rows are no.
  struct Found {
    RowSet yes, failed;
  };

  // column_program.cpp: the pass
  void start(const Batch& batch, const RowSet& rows, Scratch& scratch, std::uint64_t* costs);
  void arrive_first(const RowSet& rows);
  RowSet decide_by_code(const RowSet& rows);
  void pass();
  void execute(std::size_t i, const RowSet& rows);
  void arrive(std::size_t from, std::int32_t at, const RowSet& rows);
  void go(std::size_t i, const RowSet& rows, const Found& found);
  void settle(std::size_t i, const RowSet& rows);
  void give(std::size_t i, const RowSet& rows);
  void run_scalar(const RowSet& rows);
  ColumnView view(Operand operand) const;
  void begin_spending();
  // Rows that pass their limit are done by the machine, which knows where they fail.
  void charge(std::uint32_t row, std::uint64_t cost) {
    begin_spending();
    spent_[row] += cost;
    if (cost_of(row) > scratch_->cost_limit) scalar_.add(row);
  }
  // What the row has spent so far, in this program and before.
  std::uint64_t cost_of(std::uint32_t row) const {
    return (costs_ != nullptr ? costs_[row] : 0) + (spends_ ? spent_[row] : 0);
  }

  // column_steps.cpp: any instruction, through the machine
  Found test_any(std::size_t i, RowSet rows);
  void value_any(std::size_t i, RowSet rows);
  RowSet typed_in(std::size_t i, RowSet rows) const;
  RowSet missing_in(std::size_t i, const RowSet& rows) const;
  const MemoKey& key_of(const Column& column, std::initializer_list<const Val*> others) {
    key_.dictionary = column.dictionary;
    key_.others.assign(others);
    return key_;
  }
  bool find_memo_key(std::size_t i, std::size_t& coded);
  void value_codes(std::size_t i, const RowSet& rows, const std::uint32_t* codes);
  void learn_value(std::size_t i, ValueMemo& memo, std::uint32_t code);
  int run_step(std::size_t i, const MemoKey& key, const Val& value, Scratch& scratch);
  template <class Done>
  void each_row(std::size_t i, const RowSet& rows, Done done);
  template <class Learn>
  void look_up_marks(const RowSet& rows, const std::uint32_t* codes, TestMemo& memo, Found& found,
                     Learn learn);

  // column_tests.cpp
  Found test(std::size_t i, const RowSet& rows);
  RowSet compare(Relation relation, const ColumnView& a, const ColumnView& b, const RowSet& rows,
                 Found& found);
  RowSet compare_codes(Relation relation, const ColumnView& a, const ColumnView& b,
                       const RowSet& rows, Found& found);
  RowSet compare_times(Relation relation, const ColumnView& a, const ColumnView& b,
                       const RowSet& rows, Found& found);
  RowSet compare_scaled(std::size_t i, const RowSet& rows, Found& found);
  RowSet truth(const ColumnView& a, const RowSet& rows, Found& found) const;
  RowSet member_of_lists(std::size_t i, const RowSet& rows, Found& found);
  RowSet has_field(std::size_t i, const RowSet& rows, Found& found);
  RowSet present(const ColumnView& a, const RowSet& rows) const;

  // column_values.cpp
  void value(std::size_t i, const RowSet& rows);
  RowSet arithmetic(std::size_t i, const RowSet& rows);
  RowSet select(std::size_t i, const RowSet& rows);
  RowSet size(std::size_t i, const RowSet& rows);
  void slot_or(std::size_t i, const RowSet& rows);
  std::uint32_t key_code(std::size_t i, const Dictionary& dictionary);
  // Whether the row's map has the key; `guess` becomes its place. Maps of one kind have their keys
  // in one order, so the last row's place is tried first.
  static bool find_entry(const Column& maps, std::uint32_t row, std::uint32_t key,
                         std::uint32_t& guess) {
    const std::uint32_t at = maps.offsets[row] + guess;
    if (at < maps.offsets[row + 1] && maps.keys[at] == key) return true;
    return search_entry(maps, row, key, guess);
  }
  static bool search_entry(const Column& maps, std::uint32_t row, std::uint32_t key,
                           std::uint32_t& guess);

  // column_loops.cpp
  void plan_loops();
  bool reads_only_element(const LoopPlan& loop) const;
  void loop(std::size_t i, const RowSet& rows);
  bool visit(LoopPlan& loop, TestMemo& memo, const Column& lists, std::uint32_t row,
             RowSet& failed);
  void learn_element(LoopPlan& loop, TestMemo& memo, std::uint32_t code);

  const Program& program_;
  const ProgramParts& parts_;
  SingleSteps steps_;
  std::vector<std::vector<Operand>> operands_;  // that each instruction reads
  std::vector<std::optional<LoopPlan>> loops_;  // by their iterate

  std::vector<Memos<TestMemo>> test_memos_;  // of each instruction
  std::vector<Memos<ValueMemo>> value_memos_;
  Memos<TestMemo> whole_;  // of programs with one input
  static constexpr std::uint32_t kNoCode = 0xffffffff;
  struct Key {
    const Dictionary* dictionary = nullptr;
    std::uint32_t searched = 0;    // how many codes
    std::uint32_t code = kNoCode;  // of the constant
  };
  std::vector<Key> keys_;
  Scratch memo_scratch_;   // owns the values of value_memos_
  Scratch trial_scratch_;  // for outcomes without a value
  std::vector<Val> slots_, loop_registers_;

  // Of the run:
  const Batch* batch_ = nullptr;
  Scratch* scratch_ = nullptr;
  std::uint64_t own_cost_ = 0;  // of the scratch
  std::uint64_t* costs_ = nullptr;
  bool spends_ = false;  // spent_ is in use
  bool keeps_values_ = false;
  std::array<std::uint64_t, kBatchRows> spent_;
  std::vector<RowSet> arrived_;
  std::vector<std::uint8_t> reached_;
  std::vector<RegisterColumn> registers_;
  RowSet scalar_;  // rows left to the machine
  Verdicts verdicts_;
  RegisterColumn result_;
  std::vector<double> reals_, same_a_, same_b_;
  std::vector<std::uint32_t> codes_;
  std::vector<ColumnView> views_;
  MemoKey key_;  // of the instruction at work
};

// Runs the instruction for every row and calls `done` with the row and the way it took.
template <class Done>
void ColumnProgram::Run::each_row(std::size_t i, const RowSet& rows, Done done) {
  if (!rows.any()) return;
  const std::vector<Operand>& operands = operands_[i];
  views_.clear();
  for (const Operand operand : operands) views_.push_back(view(operand));
  rows.each([&](std::uint32_t row) {
    for (std::size_t o = 0; o < operands.size(); ++o)
      steps_.place(operands[o], views_[o].value(row, scratch_->arena()));
    const std::uint64_t before = cost_of(row);
    scratch_->cost = before;
    const int way = steps_.run(i, *scratch_);
    if (scratch_->cost != before) charge(row, scratch_->cost - before);
    done(row, way);
  });
}

// Tests rows by the marks of their codes; calls `learn` for codes that have none yet.
template <class Learn>
void ColumnProgram::Run::look_up_marks(const RowSet& rows, const std::uint32_t* codes,
                                       TestMemo& memo, Found& found, Learn learn) {
  const Looked looked = look_up(rows, codes, batch_->rows, memo.marks.data());
  found.yes |= looked.yes;
  if (!looked.special.any()) return;
  looked.special.each([&](std::uint32_t row) {
    const std::uint32_t code = codes[row];
    if (memo.marks[code] == mark::unknown) learn(code);
    const std::uint8_t known = memo.marks[code];
    if ((known & mark::yes) != 0) found.yes.add(row);
    if ((known & mark::failed) != 0) found.failed.add(row);
    if ((known & mark::charges) != 0) charge(row, memo.cost(code));
  });
}

}  // namespace autopilot::expr
