// Values of whole columns. What is not done here is left to value_any().

#include <algorithm>
#include <functional>

#include "core/expr/column_run.h"
#include "core/expr/fault.h"
#include "core/expr/val_ops.h"

namespace autopilot::expr {
namespace {

// The doubles of an operand: its column, or `same` filled with its one value; null when it has
// none.
const double* reals_of(const ColumnView& view, std::vector<double>& same) {
  if (view.is(ColumnKind::real)) return view.column.reals;
  if (view.uniform == nullptr || view.uniform->tag != Tag::real) return nullptr;
  same.assign(kBatchRows, view.uniform->real);
  return same.data();
}

// Computes whole words of rows: what others get is never looked at.
template <class Function>
void compute(const RowSet& rows, std::uint32_t count, const double* a, const double* b, double* out,
             Function function) {
  for (std::uint32_t w = 0; w < words_for(count); ++w) {
    if (rows.words[w] == 0) continue;
    const std::uint32_t end = std::min(count, 64 * w + 64);
    for (std::uint32_t row = 64 * w; row < end; ++row) out[row] = function(a[row], b[row]);
  }
}

}  // namespace

void ColumnProgram::Run::value(std::size_t i, const RowSet& rows) {
  const Instruction& instruction = parts_.code[i];
  RegisterColumn& target = registers_[instruction.target];
  switch (instruction.op) {
    case Op::clear:
      return target.clear_error(rows);
    case Op::set:
      return target.store(rows, parts_.constants[instruction.constant]);
    case Op::fail:
      return target.fail(rows);
    case Op::move:
      return target.store(rows, view(instruction.a), scratch_->arena());
    case Op::slot_or:
      return slot_or(i, rows);
    default:
      break;
  }
  RowSet done;
  if (instruction.op >= Op::add && instruction.op <= Op::negate) done = arithmetic(i, rows);
  if (instruction.op == Op::select) done = select(i, rows);
  if (instruction.op == Op::size) done = size(i, rows);
  const RowSet rest = rows - done;
  if (rest.any()) value_any(i, rest);
}

RowSet ColumnProgram::Run::arithmetic(std::size_t i, const RowSet& rows) {
  const Instruction& instruction = parts_.code[i];
  const bool is_unary = instruction.op == Op::negate;
  const ColumnView first = view(instruction.a);
  const ColumnView second = is_unary ? first : view(instruction.b);
  const double* a = reals_of(first, same_a_);
  const double* b = reals_of(second, same_b_);
  if (a == nullptr || b == nullptr || instruction.op == Op::modulo) return {};
  const RowSet both = second.typed(first.typed(rows));
  reals_.resize(kBatchRows);
  const auto with = [&](auto function) {
    compute(both, batch_->rows, a, b, reals_.data(), function);
  };
  if (instruction.op == Op::add) with(std::plus<double>());
  if (instruction.op == Op::subtract) with(std::minus<double>());
  if (instruction.op == Op::multiply) with(std::multiplies<double>());
  if (instruction.op == Op::divide) with(std::divides<double>());
  if (is_unary) with([](double x, double) { return -x; });
  registers_[instruction.target].store_reals(both, reals_);
  return both;
}

void ColumnProgram::Run::slot_or(std::size_t i, const RowSet& rows) {
  const Instruction& instruction = parts_.code[i];
  const ColumnView a = view(instruction.a), b = view(instruction.b);
  RegisterColumn& target = registers_[instruction.target];
  const RowSet there = present(a, rows), other = rows - there;
  // The alternative first: it may stand in the target's own register.
  if (other.any()) target.store(other, b, scratch_->arena());
  if (there.any()) target.store(there, a, scratch_->arena());
}

RowSet ColumnProgram::Run::size(std::size_t i, const RowSet& rows) {
  const Instruction& instruction = parts_.code[i];
  const ColumnView a = view(instruction.a);
  if (!a.is(ColumnKind::lists) && !a.is(ColumnKind::maps)) return {};
  const RowSet typed = a.typed(rows);
  typed.each([&](std::uint32_t row) {
    const std::uint32_t size = a.column.offsets[row + 1] - a.column.offsets[row];
    registers_[instruction.target].store(row, Val::of_int(size));
  });
  return typed;
}

// --- maps

RowSet ColumnProgram::Run::select(std::size_t i, const RowSet& rows) {
  const Instruction& instruction = parts_.code[i];
  const ColumnView maps = view(instruction.a);
  if (!maps.is(ColumnKind::maps)) return {};
  const std::uint32_t key = key_code(i, *maps.column.dictionary);
  const RowSet typed = maps.typed(rows);
  std::uint32_t guess = 0;
  codes_.assign(kBatchRows, Dictionary::kEmptyText);
  const RowSet found = typed.where([&](std::uint32_t row) {
    if (!find_entry(maps.column, row, key, guess)) return false;
    codes_[row] = maps.column.codes[maps.column.offsets[row] + guess];
    return true;
  });
  RegisterColumn& target = registers_[instruction.target];
  const RowSet lacking = typed - found;
  if (lacking.any()) target.fail(lacking);
  target.store_codes(found, codes_, *maps.column.dictionary);
  return typed;
}

// The code of the instruction's constant, a string; some code that nothing has when it has none.
std::uint32_t ColumnProgram::Run::key_code(std::size_t i, const Dictionary& dictionary) {
  Key& key = keys_[i];
  if (key.dictionary != &dictionary) key = {&dictionary, 0, kNoCode};
  const std::string_view text = parts_.constants[parts_.code[i].constant].text();
  for (; key.code == kNoCode && key.searched < dictionary.size(); ++key.searched) {
    const Val& value = dictionary[key.searched];
    if (value.tag == Tag::string && same_text(value.text(), text)) key.code = key.searched;
  }
  return key.code;
}

bool ColumnProgram::Run::search_entry(const Column& maps, std::uint32_t row, std::uint32_t key,
                                      std::uint32_t& guess) {
  const std::uint32_t* keys = maps.keys + maps.offsets[row];
  const std::uint32_t size = maps.offsets[row + 1] - maps.offsets[row];
  for (std::uint32_t at = 0; at < size; ++at) {
    if (keys[at] != key) continue;
    guess = at;
    return true;
  }
  return false;
}

}  // namespace autopilot::expr
