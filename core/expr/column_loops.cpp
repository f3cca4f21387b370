// exists and all over lists of strings, decided once for each distinct element.

#include <algorithm>
#include <bit>

#include "core/expr/column_run.h"

namespace autopilot::expr {
namespace {

// The registers that an instruction reads, what it adds to included.
void append_reads(const Instruction& instruction, const std::vector<Operand>& operands,
                  std::vector<std::uint32_t>& out) {
  for (const Operand operand : operands) {
    if (operand.is(Where::reg)) out.push_back(operand.number());
  }
  const OpForm& form = form_of(instruction.op);
  if (form.a == Field::reg || form.a == Field::state) out.push_back(instruction.a.number());
  switch (instruction.op) {
    case Op::push:
    case Op::put:
    case Op::put_all:
    case Op::increment:
      out.push_back(instruction.target);
      break;
    default:
      break;
  }
}

// The registers that it writes.
void append_writes(const Instruction& instruction, std::vector<bool>& out) {
  const OpForm& form = form_of(instruction.op);
  if (form.target != Field::none) out[instruction.target] = true;
  if (form.target == Field::state) out[instruction.target + std::size_t{1}] = true;
  if (form.extra == Field::maybe_reg && instruction.extra != kNoRegister)
    out[instruction.extra] = true;
  if (form.is_failed) out[instruction.error] = true;
}

// The first element whose mark is not 0. Looks at several before it asks: where in a list it is,
// no processor can foretell.
const std::uint32_t* first_marked(const std::uint32_t* at, const std::uint32_t* end,
                                  const std::uint8_t* marks) {
  constexpr int kTogether = 16;
  while (at < end) {
    const int count = static_cast<int>(std::min<std::ptrdiff_t>(end - at, kTogether));
    std::uint32_t marked = 0;
    for (int i = 0; i < count; ++i) marked |= std::uint32_t{marks[at[i]] != 0} << i;
    if (marked != 0) return at + std::countr_zero(marked);
    at += count;
  }
  return end;
}

}  // namespace

void ColumnProgram::Run::plan_loops() {
  loops_.resize(parts_.code.size());
  for (std::size_t i = 0; i + 1 < parts_.code.size(); ++i) {
    const Instruction& iterate = parts_.code[i];
    const Instruction& next = parts_.code[i + 1];
    if (iterate.op != Op::iterate || next.op != Op::next || next.extra != kNoRegister) continue;
    if (iterate.on[0] != static_cast<std::int32_t>(i + 1)) continue;
    const auto end = static_cast<std::size_t>(next.on[false]);
    const Instruction& last = parts_.code[end];
    if (end <= i + 1 || last.op != Op::settle) continue;
    const LoopPlan plan{i + 1, end, next.target, last.a.number(), -1, false};
    if (reads_only_element(plan)) loops_[i] = plan;
  }
}

// No inputs, and no registers but the element's and its own.
bool ColumnProgram::Run::reads_only_element(const LoopPlan& loop) const {
  std::vector<bool> written(parts_.registers);
  written[loop.element] = true;
  std::vector<std::uint32_t> reads;
  for (std::size_t i = loop.next + 1; i < loop.end; ++i) {
    const auto is_slot = [](Operand operand) { return operand.is(Where::slot); };
    if (std::any_of(operands_[i].begin(), operands_[i].end(), is_slot)) return false;
    reads.clear();
    append_reads(parts_.code[i], operands_[i], reads);
    for (const std::uint32_t reg : reads) {
      if (!written[reg]) return false;
    }
    append_writes(parts_.code[i], written);
  }
  return true;
}

void ColumnProgram::Run::loop(std::size_t i, const RowSet& rows) {
  const Instruction& iterate = parts_.code[i];
  const ColumnView range = view(iterate.a);
  const bool is_absent = range.is(ColumnKind::absent);
  if (!loops_[i] || loops_[i]->broken || (!is_absent && !range.is(ColumnKind::lists))) {
    scalar_ |= rows;
    return;
  }
  LoopPlan& plan = *loops_[i];
  const RowSet typed = range.typed(rows), failed = rows - typed;
  if (failed.any()) {
    registers_[iterate.error].fail(failed);
    arrive(i, iterate.on[kFailed], failed);
  }
  if (!typed.any()) return;
  TestMemo& memo = test_memos_[i].of(key_of(range.column, {nullptr}));
  begin_spending();
  Found found;
  found.yes = typed.where(
      [&](std::uint32_t row) { return visit(plan, memo, range.column, row, found.failed); });
  if (plan.broken) {
    scalar_ |= typed;
    return;
  }
  if (found.yes.any()) arrive(i, plan.exit, found.yes);
  if (found.failed.any()) registers_[plan.pending].fail(found.failed);
  arrive(i, static_cast<std::int32_t>(plan.end), typed - found.yes);
}

// Goes through one list. True: an element decides; failed: an error waits at the end.
bool ColumnProgram::Run::visit(LoopPlan& loop, TestMemo& memo, const Column& lists,
                               std::uint32_t row, RowSet& failed) {
  const std::uint32_t* const begin = lists.codes + lists.offsets[row];
  const std::uint32_t* const end = lists.codes + lists.offsets[row + 1];
  const std::uint8_t* marks = memo.marks.data();
  const std::uint32_t* at = first_marked(begin, end, marks);
  std::uint64_t cost = 0;
  bool decided = false;
  for (;; ++at) {
    while (at < end && marks[*at] == 0) ++at;
    if (at == end) break;
    if (marks[*at] == mark::unknown) learn_element(loop, memo, *at);
    const std::uint8_t known = marks[*at];
    if ((known & mark::charges) != 0) cost += memo.cost(*at);
    if ((known & mark::failed) != 0) failed.add(row);
    if ((known & mark::yes) == 0) continue;
    failed.remove(row);
    decided = true;
    ++at;
    break;
  }
  charge(row, cost + static_cast<std::uint64_t>(at - begin));
  return decided;
}

// Runs the body for one element: it goes on to the next, with or without an error, or leaves the
// loop.
void ColumnProgram::Run::learn_element(LoopPlan& loop, TestMemo& memo, std::uint32_t code) {
  Val* registers = loop_registers_.data();
  trial_scratch_.reset();
  registers[loop.pending].tag = Tag::absent;
  registers[loop.element] = (*memo.key.dictionary)[code];
  Machine machine(parts_, slots_.data(), registers, trial_scratch_);
  const Step* const first = parts_.steps.data();
  const Step* step = parts_.steps[loop.next].on[true];
  const auto is_inside = [&](const Step* at) {
    return at > first + loop.next && at < first + loop.end;
  };
  while (step != nullptr && is_inside(step))
    step = step->run(step, slots_.data(), registers, machine);
  const auto to = step == nullptr ? -1 : static_cast<std::int32_t>(step - first);
  std::uint8_t mark = registers[loop.pending].is_error() ? mark::failed : 0;
  if (to != static_cast<std::int32_t>(loop.next)) {
    if (loop.exit < 0) loop.exit = to;
    loop.broken = loop.broken || to < 0 || to != loop.exit;
    mark = mark::yes;
  }
  memo.set(code, mark, trial_scratch_.cost);
}

}  // namespace autopilot::expr
