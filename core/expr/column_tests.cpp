// Tests on whole columns. Each returns the rows that it decided; the others are left to test_any().

#include "core/expr/column_run.h"
#include "core/expr/val_ops.h"

namespace autopilot::expr {
namespace {

constexpr std::uint32_t kFreeText = 1024;  // bytes; comparing longer ones has a price

Relation mirrored(Relation relation) {
  switch (relation) {
    case Relation::less:
      return Relation::greater;
    case Relation::less_equal:
      return Relation::greater_equal;
    case Relation::greater:
      return Relation::less;
    case Relation::greater_equal:
      return Relation::less_equal;
    default:
      return relation;
  }
}

Relation relation_of(Op op, Op first) {
  return static_cast<Relation>(static_cast<int>(op) - static_cast<int>(first));
}

bool is_between(Op op, Op first, Op last) { return op >= first && op <= last; }

bool is_equality(Relation relation) {
  return relation == Relation::same || relation == Relation::differ;
}

// As the language compares it with a double.
bool as_double(const Val* value, double& out) {
  if (value == nullptr || !value->is_number()) return false;
  out = value->tag == Tag::real      ? value->real
        : value->tag == Tag::integer ? static_cast<double>(value->integer)
                                     : static_cast<double>(value->uinteger);
  return true;
}

bool is_time(const ColumnView& view) {
  return view.uniform != nullptr ? view.uniform->tag == Tag::timestamp
                                 : view.is(ColumnKind::timestamp);
}

bool holds(Relation relation, Order order) {
  switch (relation) {
    case Relation::less:
      return order == Order::less;
    case Relation::less_equal:
      return order != Order::greater;
    case Relation::greater:
      return order == Order::greater;
    case Relation::greater_equal:
      return order != Order::less;
    case Relation::same:
      return order == Order::equal;
    case Relation::differ:
      break;
  }
  return order != Order::equal;
}

}  // namespace

ColumnProgram::Run::Found ColumnProgram::Run::test(std::size_t i, const RowSet& rows) {
  const Instruction& instruction = parts_.code[i];
  const Op op = instruction.op;
  Found found;
  RowSet decided;
  if (is_between(op, Op::less, Op::differ)) {
    decided =
        compare(relation_of(op, Op::less), view(instruction.a), view(instruction.b), rows, found);
  } else if (is_between(op, Op::less_constant, Op::differ_constant)) {
    ColumnView constant;
    constant.uniform = &parts_.constants[instruction.constant];
    decided =
        compare(relation_of(op, Op::less_constant), view(instruction.a), constant, rows, found);
  } else if (is_between(op, Op::less_scaled, Op::greater_equal_scaled)) {
    decided = compare_scaled(i, rows, found);
  } else if (op == Op::test) {
    decided = truth(view(instruction.a), rows, found);
  } else if (op == Op::has_slot) {
    found.yes = present(view(instruction.a), rows);
    return found;
  } else if (op == Op::in) {
    decided = member_of_lists(i, rows, found);
  } else if (op == Op::has_field) {
    decided = has_field(i, rows, found);
  }
  const RowSet rest = rows - decided;
  if (rest.any()) {
    const Found more = test_any(i, rest);
    found.yes |= more.yes;
    found.failed |= more.failed;
  }
  return found;
}

RowSet ColumnProgram::Run::compare(Relation relation, const ColumnView& a, const ColumnView& b,
                                   const RowSet& rows, Found& found) {
  double number = 0;
  if (a.is(ColumnKind::real) && as_double(b.uniform, number)) {
    const RowSet typed = b.typed(a.typed(rows));
    found.yes = compare_reals(relation, typed, {a.column.reals, batch_->rows}, number);
    return typed;
  }
  if (b.is(ColumnKind::real) && a.uniform != nullptr)
    return as_double(a.uniform, number) ? compare(mirrored(relation), b, a, rows, found) : RowSet{};
  const RowSet both = b.typed(a.typed(rows));
  if (a.is(ColumnKind::real) && b.is(ColumnKind::real)) {
    found.yes = compare_reals(relation, both, {a.column.reals, batch_->rows}, b.column.reals, 1.0);
    return both;
  }
  if (a.is(ColumnKind::coded) && b.is(ColumnKind::coded))
    return compare_codes(relation, a, b, both, found);
  if (is_time(a) && is_time(b)) return compare_times(relation, a, b, both, found);
  const bool is_flag = b.uniform != nullptr && b.uniform->tag == Tag::boolean;
  if (!a.is(ColumnKind::boolean) || !is_flag || !is_equality(relation)) return {};
  const RowSet trues = RowSet::of_words(a.column.booleans, both);
  found.yes = b.uniform->boolean == (relation == Relation::same) ? trues : both - trues;
  return both;
}

// Strings of one dictionary are the same when their codes are.
RowSet ColumnProgram::Run::compare_codes(Relation relation, const ColumnView& a,
                                         const ColumnView& b, const RowSet& rows, Found& found) {
  const Dictionary& dictionary = *a.column.dictionary;
  const bool alike = b.column.dictionary == &dictionary && !a.is_register && !b.is_register;
  if (!alike || !is_equality(relation) || !dictionary.only_text() ||
      dictionary.longest_text() > kFreeText)
    return {};
  found.yes = rows.where([&](std::uint32_t row) {
    const bool same = a.column.codes[row] == b.column.codes[row];
    return same == (relation == Relation::same);
  });
  return rows;
}

RowSet ColumnProgram::Run::compare_times(Relation relation, const ColumnView& a,
                                         const ColumnView& b, const RowSet& rows, Found& found) {
  Arena none;
  found.yes = rows.where([&](std::uint32_t row) {
    return holds(relation, expr::compare(a.value(row, none), b.value(row, none)));
  });
  return rows;
}

RowSet ColumnProgram::Run::compare_scaled(std::size_t i, const RowSet& rows, Found& found) {
  const Instruction& instruction = parts_.code[i];
  const ColumnView a = view(instruction.a), b = view(instruction.b);
  if (!a.is(ColumnKind::real) || !b.is(ColumnKind::real)) return {};
  const RowSet both = b.typed(a.typed(rows));
  found.yes = compare_reals(relation_of(instruction.op, Op::less_scaled), both,
                            {a.column.reals, batch_->rows}, b.column.reals,
                            parts_.constants[instruction.constant].real);
  return both;
}

// The rows that are true or false; of those, yes.
RowSet ColumnProgram::Run::truth(const ColumnView& a, const RowSet& rows, Found& found) const {
  RowSet decided;
  if (a.is(ColumnKind::boolean)) {
    decided = a.typed(rows);
    found.yes = RowSet::of_words(a.column.booleans, decided);
  } else if (a.is(ColumnKind::any) || a.is(ColumnKind::coded) || a.uniform != nullptr) {
    Arena none;
    a.typed(rows).each([&](std::uint32_t row) {
      const Val value = a.value(row, none);
      if (value.tag != Tag::boolean) return;
      decided.add(row);
      if (value.boolean) found.yes.add(row);
    });
  }
  return decided;
}

RowSet ColumnProgram::Run::present(const ColumnView& a, const RowSet& rows) const {
  if (!a.is(ColumnKind::any)) return a.typed(rows) | a.nulls(rows);
  return rows.where([&](std::uint32_t row) { return a.column.values[row].tag != Tag::absent; });
}

// A constant in lists: whether each distinct element is the one is found out once.
RowSet ColumnProgram::Run::member_of_lists(std::size_t i, const RowSet& rows, Found& found) {
  const ColumnView item = view(parts_.code[i].a), lists = view(parts_.code[i].b);
  const bool is_simple =
      item.uniform != nullptr && is_scalar(*item.uniform) && weight(*item.uniform) == 0;
  if (!is_simple || !lists.is(ColumnKind::lists)) return {};
  const Dictionary& dictionary = *lists.column.dictionary;
  // One key more than operands: these marks are of elements.
  TestMemo& memo = test_memos_[i].of(key_of(lists.column, {item.uniform, nullptr, nullptr}));
  const RowSet typed = lists.typed(item.typed(rows));
  found.yes = typed.where([&](std::uint32_t row) {
    const std::uint32_t begin = lists.column.offsets[row], end = lists.column.offsets[row + 1];
    if (end - begin >= 16) charge(row, (end - begin) / 16);
    for (std::uint32_t at = begin; at < end; ++at) {
      std::uint8_t& known = memo.marks[lists.column.codes[at]];
      if (known == mark::unknown)
        known = equal(*item.uniform, dictionary[lists.column.codes[at]]) ? mark::yes : 0;
      if (known == mark::yes) return true;
    }
    return false;
  });
  return typed;
}

RowSet ColumnProgram::Run::has_field(std::size_t i, const RowSet& rows, Found& found) {
  const ColumnView maps = view(parts_.code[i].a);
  if (!maps.is(ColumnKind::maps)) return {};
  const std::uint32_t key = key_code(i, *maps.column.dictionary);
  const RowSet typed = maps.typed(rows);
  std::uint32_t guess = 0;
  found.yes =
      typed.where([&](std::uint32_t row) { return find_entry(maps.column, row, key, guess); });
  return typed;
}

}  // namespace autopilot::expr
