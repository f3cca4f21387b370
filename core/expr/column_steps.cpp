// Instructions without a columnar form of their own: through the machine, once for each value of a
// dictionary where one operand is coded and the others are the same for all, else row by row.

#include "core/expr/column_run.h"

namespace autopilot::expr {

// Rows that lack an operand: absent inputs and registers that hold errors. Where rows differ in
// kind, the machine itself sees what is missing.
RowSet ColumnProgram::Run::missing_in(std::size_t i, const RowSet& rows) const {
  RowSet missing;
  for (const Operand operand : operands_[i]) {
    const ColumnView from = view(operand);
    missing |= rows - from.typed(rows) - from.nulls(rows);
  }
  return missing;
}

// Rows that have all operands, none of them null in a column of another kind.
RowSet ColumnProgram::Run::typed_in(std::size_t i, RowSet rows) const {
  for (const Operand operand : operands_[i]) rows = view(operand).typed(rows);
  return rows;
}

// What the outcome depends on, when that is one coded operand (number `coded`) and things that are
// the same in all rows: key_. False when it is more.
bool ColumnProgram::Run::find_memo_key(std::size_t i, std::size_t& coded) {
  key_.dictionary = nullptr;
  key_.others.clear();
  if (parts_.code[i].op == Op::open) return false;
  const std::vector<Operand>& operands = operands_[i];
  for (std::size_t o = 0; o < operands.size(); ++o) {
    const ColumnView from = view(operands[o]);
    key_.others.push_back(from.uniform);
    if (from.uniform != nullptr) continue;
    const bool is_other = key_.dictionary != nullptr && operands[o].bits != operands[coded].bits;
    if (!from.is(ColumnKind::coded) || is_other) return false;
    key_.dictionary = from.column.dictionary;
    coded = o;
  }
  return key_.dictionary != nullptr;
}

// --- tests

ColumnProgram::Run::Found ColumnProgram::Run::test_any(std::size_t i, RowSet rows) {
  Found found;
  found.failed = missing_in(i, rows);
  rows -= found.failed;
  std::size_t coded = 0;
  if (find_memo_key(i, coded)) {
    const ColumnView from = view(operands_[i][coded]);
    const RowSet typed = typed_in(i, rows);
    TestMemo& memo = test_memos_[i].of(key_);
    look_up_marks(typed, from.column.codes, memo, found, [&](std::uint32_t code) {
      trial_scratch_.reset();
      const int way = run_step(i, memo.key, (*memo.key.dictionary)[code], trial_scratch_);
      memo.set(code, way == kFailed ? mark::failed : way == 1 ? mark::yes : 0, trial_scratch_.cost);
    });
    rows -= typed;
  }
  each_row(i, rows, [&](std::uint32_t row, int way) {
    if (way == kFailed) found.failed.add(row);
    if (way != 1) return;
    found.yes.add(row);
    if (parts_.code[i].op == Op::open)
      registers_[parts_.code[i].target].store(row, steps_.held(parts_.code[i].target));
  });
  return found;
}

// --- values

void ColumnProgram::Run::value_any(std::size_t i, RowSet rows) {
  const Instruction& instruction = parts_.code[i];
  RegisterColumn& target = registers_[instruction.target];
  std::size_t coded = 0;
  const bool has_key = find_memo_key(i, coded);
  RowSet missing;
  if (instruction.op != Op::slot_optional) missing = missing_in(i, rows);
  rows -= missing;
  if (has_key) {
    const ColumnView from = view(operands_[i][coded]);
    const RowSet typed = typed_in(i, rows);
    value_codes(i, typed, from.column.codes);
    rows -= typed;
  }
  each_row(i, rows,
           [&](std::uint32_t row, int) { target.store(row, steps_.held(instruction.target)); });
  if (missing.any()) target.fail(missing);
}

void ColumnProgram::Run::value_codes(std::size_t i, const RowSet& rows,
                                     const std::uint32_t* codes) {
  ValueMemo& memo = value_memos_[i].of(key_);
  RowSet failed;
  codes_.assign(kBatchRows, Dictionary::kEmptyText);
  rows.each([&](std::uint32_t row) {
    const std::uint32_t code = codes[row];
    if (memo.codes[code] == ValueMemo::kUnknown) learn_value(i, memo, code);
    if (!memo.costs.empty()) charge(row, memo.cost(code));
    if (memo.codes[code] == ValueMemo::kFailed) return failed.add(row);
    codes_[row] = memo.codes[code];
  });
  RegisterColumn& target = registers_[parts_.code[i].target];
  if (failed.any()) target.fail(failed);
  target.store_codes(rows - failed, codes_, memo.results);
}

void ColumnProgram::Run::learn_value(std::size_t i, ValueMemo& memo, std::uint32_t code) {
  memo_scratch_.cost = 0;
  run_step(i, memo.key, (*memo.key.dictionary)[code], memo_scratch_);
  memo.set(code, steps_.held(parts_.code[i].target), memo_scratch_.cost);
}

// --- the machine

// The way that the instruction takes when its coded operand is `value`.
int ColumnProgram::Run::run_step(std::size_t i, const MemoKey& key, const Val& value,
                                 Scratch& scratch) {
  const std::vector<Operand>& operands = operands_[i];
  for (std::size_t o = 0; o < operands.size(); ++o)
    steps_.place(operands[o], key.others[o] != nullptr ? *key.others[o] : value);
  return steps_.run(i, scratch);
}

}  // namespace autopilot::expr
