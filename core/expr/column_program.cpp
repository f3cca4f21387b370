#include "core/expr/column_program.h"

#include <algorithm>

#include "core/expr/column_run.h"

namespace autopilot::expr {
namespace {

constexpr std::size_t kMemosPerInstruction = 8;  // beyond, all start over

// What an instruction reads, errors and the state of loops aside.
std::vector<Operand> operands_of(const Instruction& instruction) {
  std::vector<Operand> out;
  const OpForm& form = form_of(instruction.op);
  const auto reads = [](Field field) {
    return field == Field::operand || field == Field::slot || field == Field::variable;
  };
  if (form.a == Field::first) {
    for (std::uint32_t i = 0; i < instruction.b.bits; ++i)
      out.push_back(Operand::reg(instruction.a.number() + i));
    return out;
  }
  if (reads(form.a)) out.push_back(instruction.a);
  if (reads(form.b)) out.push_back(instruction.b);
  return out;
}

Val row_of(const Program& program, const Batch& batch, std::uint32_t row, Val* slots,
           Scratch& scratch) {
  for (const int slot : program.slots()) {
    const auto number = static_cast<std::uint32_t>(slot);
    slots[number] = batch.value(number, row, scratch.arena());
  }
  return program.evaluate(slots, scratch);
}

std::size_t width_of(const Program& program) {
  int last = -1;
  for (const int slot : program.slots()) last = std::max(last, slot);
  return static_cast<std::size_t>(last + 1);
}

}  // namespace

Val evaluate_row(const Program& program, const Batch& batch, std::uint32_t row, Scratch& scratch) {
  std::vector<Val> slots(width_of(program));
  return row_of(program, batch, row, slots.data(), scratch);
}

ColumnProgram::ColumnProgram(const Program& program) : run_(std::make_unique<Run>(program)) {}
ColumnProgram::~ColumnProgram() = default;
ColumnProgram::ColumnProgram(ColumnProgram&&) noexcept = default;
ColumnProgram& ColumnProgram::operator=(ColumnProgram&&) noexcept = default;

Verdicts ColumnProgram::test(const Batch& batch, const RowSet& rows, Scratch& scratch,
                             std::uint64_t* costs) {
  return run_->test(batch, rows, scratch, costs);
}

ColumnValues ColumnProgram::evaluate(const Batch& batch, const RowSet& rows, Scratch& scratch,
                                     std::uint64_t* costs) {
  return run_->evaluate(batch, rows, scratch, costs);
}

void ColumnProgram::forget() { run_->forget(); }

ColumnProgram::Run::Run(const Program& program)
    : program_(program),
      parts_(program.parts()),
      steps_(program),
      test_memos_(parts_.code.size()),
      value_memos_(parts_.code.size()),
      keys_(parts_.code.size()),
      slots_(width_of(program)),
      loop_registers_(parts_.registers),
      arrived_(parts_.code.size()),
      reached_(parts_.code.size()),
      registers_(parts_.registers) {
  for (const Instruction& instruction : parts_.code) operands_.push_back(operands_of(instruction));
  plan_loops();
}

void ColumnProgram::Run::forget() {
  for (auto& memos : test_memos_) memos.forget();
  for (auto& memos : value_memos_) memos.forget();
  whole_.forget();
  std::fill(keys_.begin(), keys_.end(), Key());
  memo_scratch_.reset();
}

Verdicts ColumnProgram::Run::test(const Batch& batch, const RowSet& rows, Scratch& scratch,
                                  std::uint64_t* costs) {
  keeps_values_ = false;
  start(batch, rows, scratch, costs);
  const RowSet decided = decide_by_code(rows - scalar_);
  arrive_first(rows - decided);
  pass();
  run_scalar(rows);
  return verdicts_;
}

ColumnValues ColumnProgram::Run::evaluate(const Batch& batch, const RowSet& rows, Scratch& scratch,
                                          std::uint64_t* costs) {
  keeps_values_ = true;
  start(batch, rows, scratch, costs);
  arrive_first(rows);
  pass();
  run_scalar(rows);
  return {result_.finish(batch.rows), result_.failed()};
}

void ColumnProgram::Run::start(const Batch& batch, const RowSet& rows, Scratch& scratch,
                               std::uint64_t* costs) {
  const auto is_crowded = [](const auto& memos) { return memos.size() > kMemosPerInstruction; };
  if (memo_scratch_.cost_limit != scratch.cost_limit ||
      std::any_of(test_memos_.begin(), test_memos_.end(), is_crowded) ||
      std::any_of(value_memos_.begin(), value_memos_.end(), is_crowded) || is_crowded(whole_)) {
    forget();
    memo_scratch_.cost_limit = trial_scratch_.cost_limit = scratch.cost_limit;
  }
  batch_ = &batch;
  scratch_ = &scratch;
  own_cost_ = scratch.cost;
  costs_ = costs;
  spends_ = false;
  scalar_ = {};
  verdicts_ = {};
  result_.clear();
  for (RegisterColumn& reg : registers_) reg.clear();
  // Once the limit is passed even what costs nothing fails.
  if (costs != nullptr) {
    scalar_ = rows.where([&](std::uint32_t row) { return costs[row] > scratch.cost_limit; });
  }
}

void ColumnProgram::Run::arrive_first(const RowSet& rows) {
  arrived_[0] = rows;
  reached_[0] = 1;
}

void ColumnProgram::Run::pass() {
  for (std::size_t i = 0; i < reached_.size(); ++i) {
    if (reached_[i] == 0) continue;
    reached_[i] = 0;
    const RowSet rows = arrived_[i] - scalar_;
    if (rows.any()) execute(i, rows);
  }
}

void ColumnProgram::Run::execute(std::size_t i, const RowSet& rows) {
  const Instruction& instruction = parts_.code[i];
  switch (instruction.op) {
    case Op::jump:
      return arrive(i, instruction.on[0], rows);
    case Op::settle:
      return settle(i, rows);
    case Op::give:
    case Op::give_false:
    case Op::give_true:
      return give(i, rows);
    case Op::iterate:
      return loop(i, rows);
    case Op::next:
    case Op::push:
    case Op::put:
    case Op::put_all:
    case Op::list_builder:
    case Op::map_builder:
    case Op::finish_map:
    case Op::increment:
      scalar_ |= rows;
      return;
    default:
      break;
  }
  if (form_of(instruction.op).is_true) return go(i, rows, test(i, rows));
  value(i, rows);
  arrive(i, static_cast<std::int32_t>(i + 1), rows);
}

void ColumnProgram::Run::arrive(std::size_t from, std::int32_t at, const RowSet& rows) {
  if (at <= static_cast<std::int32_t>(from)) {  // back into a loop
    scalar_ |= rows;
    return;
  }
  const auto to = static_cast<std::size_t>(at);
  if (reached_[to] != 0) {
    arrived_[to] |= rows;
  } else {
    arrived_[to] = rows;
    reached_[to] = 1;
  }
}

void ColumnProgram::Run::go(std::size_t i, const RowSet& rows, const Found& found) {
  const Instruction& instruction = parts_.code[i];
  arrive(i, instruction.on[true], found.yes);
  if (found.failed.any()) {
    registers_[instruction.error].fail(found.failed);
    arrive(i, instruction.on[kFailed], found.failed);
    arrive(i, instruction.on[false], rows - found.yes - found.failed);
  } else {
    arrive(i, instruction.on[false], rows - found.yes);
  }
}

void ColumnProgram::Run::settle(std::size_t i, const RowSet& rows) {
  const Instruction& instruction = parts_.code[i];
  const RowSet failed = rows & registers_[instruction.a.number()].failed();
  arrive(i, instruction.on[0], rows - failed);
  if (!failed.any()) return;
  registers_[instruction.error].fail(failed);
  arrive(i, instruction.on[kFailed], failed);
}

void ColumnProgram::Run::give(std::size_t i, const RowSet& rows) {
  const Instruction& instruction = parts_.code[i];
  if (instruction.op != Op::give) {
    if (keeps_values_) return result_.store(rows, parts_.steps[i].constant);
    if (instruction.op == Op::give_true) verdicts_.yes |= rows;
    return;
  }
  const ColumnView a = view(instruction.a);
  if (keeps_values_) return result_.store(rows, a, scratch_->arena());
  Found found;
  const RowSet decided = truth(a, rows, found);
  verdicts_.yes |= found.yes;
  verdicts_.failed |= rows - decided;
}

// Programs of one input that is coded are decided once for each of its values.
RowSet ColumnProgram::Run::decide_by_code(const RowSet& rows) {
  if (parts_.slots.size() != 1) return {};
  const auto slot = static_cast<std::uint32_t>(parts_.slots[0]);
  const ColumnView input = view(Operand::of(Where::slot, slot));
  if (!input.is(ColumnKind::coded)) return {};
  TestMemo& memo = whole_.of(key_of(input.column, {nullptr}));
  Found found;
  const RowSet typed = input.typed(rows);
  look_up_marks(typed, input.column.codes, memo, found, [&](std::uint32_t code) {
    trial_scratch_.reset();
    slots_[slot] = (*input.column.dictionary)[code];
    const Val result = program_.evaluate(slots_.data(), trial_scratch_);
    const std::uint8_t no = result.tag == Tag::boolean ? 0 : mark::failed;
    memo.set(code, result.is_true() ? mark::yes : no, trial_scratch_.cost);
  });
  verdicts_ = {found.yes, found.failed};
  return typed;
}

// The rows that the machine has to do, from the beginning.
void ColumnProgram::Run::run_scalar(const RowSet& rows) {
  scalar_ &= rows;
  scalar_.each([&](std::uint32_t row) {
    Scratch& scratch = keeps_values_ ? *scratch_ : trial_scratch_;
    if (!keeps_values_) scratch.reset();
    const std::uint64_t before = costs_ != nullptr ? costs_[row] : 0;
    scratch.cost = before;
    const Val result = row_of(program_, *batch_, row, slots_.data(), scratch);
    if (scratch.cost != before || spends_) {
      begin_spending();
      spent_[row] = scratch.cost - before;
    }
    if (keeps_values_) return result_.store(row, result);
    verdicts_.yes.remove(row);
    verdicts_.failed.remove(row);
    if (result.is_true()) verdicts_.yes.add(row);
    if (result.tag != Tag::boolean) verdicts_.failed.add(row);
  });
  scratch_->cost = own_cost_;
  if (costs_ == nullptr || !spends_) return;
  rows.each([&](std::uint32_t row) { costs_[row] += spent_[row]; });
}

ColumnView ColumnProgram::Run::view(Operand operand) const {
  if (operand.is(Where::reg)) return registers_[operand.number()].view();
  ColumnView out;
  if (operand.is(Where::slot)) {
    out.column = batch_->column(operand.number());
    const ColumnKind kind = out.column.kind;
    if (kind == ColumnKind::any || kind == ColumnKind::absent)
      out.column.present = out.column.nulls = nullptr;
  } else {
    out.uniform = &parts_.constants[operand.number()];
  }
  return out;
}

void ColumnProgram::Run::begin_spending() {
  if (!spends_) spent_.fill(0);
  spends_ = true;
}

}  // namespace autopilot::expr
