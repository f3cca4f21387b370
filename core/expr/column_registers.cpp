#include "core/expr/column_registers.h"

#include <algorithm>

#include "core/expr/fault.h"

namespace autopilot::expr {
namespace {

// Stands for any error: which one it is, a caller that wants to know asks the program itself.
const FaultRep kSomeError{"an error", {}};

template <class T>
void copy_rows(const RowSet& rows, const T* from, std::vector<T>& to) {
  to.resize(kBatchRows);
  rows.each([&](std::uint32_t row) { to[row] = from[row]; });
}

}  // namespace

RowSet ColumnView::typed(const RowSet& rows) const {
  if (uniform != nullptr && !is_register) return rows;
  if (column.kind == ColumnKind::absent) return {};
  const RowSet there = column.present == nullptr ? rows : RowSet::of_words(column.present, rows);
  return column.nulls == nullptr ? there : there - RowSet::of_words(column.nulls, there);
}

RowSet ColumnView::nulls(const RowSet& rows) const {
  if (column.nulls == nullptr) return {};
  const RowSet there = column.present == nullptr ? rows : RowSet::of_words(column.present, rows);
  return RowSet::of_words(column.nulls, there);
}

Val ColumnView::value(std::uint32_t row, Arena& arena) const {
  if (is_register && !has_bit(column.present, row)) return Val::of_fault(&kSomeError);
  if (is_register && has_bit(column.nulls, row)) return Val::of_null();
  return uniform != nullptr ? *uniform : column.value(row, arena);
}

void RegisterColumn::clear() {
  if (!used_) return;
  used_ = false;
  kind_ = ColumnKind::absent;
  uniform_ = nullptr;
  held_ = nulls_ = present_ = failed_ = {};
}

ColumnView RegisterColumn::view() const {
  ColumnView out;
  out.is_register = true;
  Column& column = out.column;
  column.kind = uniform_ != nullptr ? ColumnKind::any : kind_;
  // Kind any tells by its values which are absent; here the sets do.
  column.present = present_.words.data();
  column.nulls = nulls_.words.data();
  column.reals = reals_.data();
  column.booleans = booleans_.words.data();
  column.codes = codes_.data();
  column.dictionary = dictionary_;
  column.values = values_.data();
  if (uniform_ != nullptr) out.uniform = uniform_;
  return out;
}

void RegisterColumn::drop(const RowSet& rows) {
  used_ = true;
  held_ -= rows;
  nulls_ -= rows;
  present_ -= rows;
  failed_ -= rows;
}

// Whether the register can hold values of the kind as they are; else it holds any.
bool RegisterColumn::become(ColumnKind kind, const Dictionary* dictionary) {
  if (!held_.any()) {
    kind_ = kind;
    dictionary_ = dictionary;
    uniform_ = nullptr;
    if (kind == ColumnKind::any) values_.resize(kBatchRows);
    return true;
  }
  if (uniform_ == nullptr && kind_ == kind && dictionary_ == dictionary) return true;
  become_any();
  return kind == ColumnKind::any;
}

void RegisterColumn::become_any() {
  if (uniform_ == nullptr && kind_ == ColumnKind::any) return;
  values_.resize(kBatchRows);
  Arena none;
  const ColumnView before = view();
  held_.each([&](std::uint32_t row) { values_[row] = before.value(row, none); });
  kind_ = ColumnKind::any;
  dictionary_ = nullptr;
  uniform_ = nullptr;
}

void RegisterColumn::store_reals(const RowSet& rows, std::vector<double>& computed) {
  drop(rows);
  if (!held_.any()) {
    become(ColumnKind::real, nullptr);
    reals_.swap(computed);
    reals_.resize(kBatchRows);
  } else if (become(ColumnKind::real, nullptr)) {
    copy_rows(rows, computed.data(), reals_);
  } else {
    rows.each([&](std::uint32_t row) { values_[row] = Val::of_double(computed[row]); });
  }
  held_ |= rows;
  present_ |= rows;
}

void RegisterColumn::store_codes(const RowSet& rows, std::vector<std::uint32_t>& computed,
                                 const Dictionary& dictionary) {
  drop(rows);
  if (!held_.any()) {
    become(ColumnKind::coded, &dictionary);
    codes_.swap(computed);
    codes_.resize(kBatchRows);
  } else if (become(ColumnKind::coded, &dictionary)) {
    copy_rows(rows, computed.data(), codes_);
  } else {
    rows.each([&](std::uint32_t row) { values_[row] = dictionary[computed[row]]; });
  }
  held_ |= rows;
  present_ |= rows;
}

void RegisterColumn::store_booleans(const RowSet& rows, const RowSet& values) {
  drop(rows);
  if (become(ColumnKind::boolean, nullptr)) {
    booleans_ = (booleans_ - rows) | (values & rows);
  } else {
    rows.each([&](std::uint32_t row) { values_[row] = Val::of_bool(values.has(row)); });
  }
  held_ |= rows;
  present_ |= rows;
}

void RegisterColumn::store(const RowSet& rows, const Val& constant) {
  if (constant.tag == Tag::boolean) {
    return store_booleans(rows, constant.boolean ? rows : RowSet{});
  }
  if (held_.any() && constant.tag == Tag::real && kind_ == ColumnKind::real) {
    std::vector<double> same(kBatchRows, constant.real);
    return store_reals(rows, same);
  }
  drop(rows);
  if (!held_.any()) {
    kind_ = ColumnKind::any;
    dictionary_ = nullptr;
    uniform_ = &constant;
  } else if (uniform_ != &constant) {
    become_any();
    rows.each([&](std::uint32_t row) { values_[row] = constant; });
  }
  held_ |= rows;
  present_ |= rows;
}

void RegisterColumn::store(std::uint32_t row, const Val& value) {
  if (value.is_error()) return fail(RowSet::of(row));
  used_ = true;
  held_.remove(row);
  failed_.remove(row);
  nulls_.remove(row);
  present_.add(row);
  if (value.tag == Tag::null) return nulls_.add(row);
  if (uniform_ != nullptr || kind_ != ColumnKind::any) become(ColumnKind::any, nullptr);
  values_[row] = value;
  held_.add(row);
}

void RegisterColumn::store(const RowSet& rows, const ColumnView& from, Arena& arena) {
  const RowSet typed = from.typed(rows), nulls = from.nulls(rows);
  fail(rows - typed - nulls);
  drop(nulls);
  nulls_ |= nulls;
  present_ |= nulls;
  if (!typed.any()) return;
  if (from.uniform != nullptr) return store(typed, *from.uniform);
  if (from.is(ColumnKind::boolean)) {
    return store_booleans(typed, RowSet::of_words(from.column.booleans, typed));
  }
  if (from.is(ColumnKind::real)) {
    std::vector<double> copy;
    copy_rows(typed, from.column.reals, copy);
    return store_reals(typed, copy);
  }
  if (from.is(ColumnKind::coded)) {
    std::vector<std::uint32_t> copy;
    copy_rows(typed, from.column.codes, copy);
    return store_codes(typed, copy, *from.column.dictionary);
  }
  typed.each([&](std::uint32_t row) {
    const Val value = from.value(row, arena);
    value.tag == Tag::absent ? fail(RowSet::of(row)) : store(row, value);
  });
}

Column RegisterColumn::finish(std::uint32_t rows) {
  if (uniform_ != nullptr || kind_ == ColumnKind::absent || kind_ == ColumnKind::any) {
    become_any();
    for (std::uint32_t row = 0; row < rows; ++row) {
      if (!held_.has(row)) values_[row] = nulls_.has(row) ? Val::of_null() : Val();
    }
  }
  return view().column;
}

void RegisterColumn::fail(const RowSet& rows) {
  drop(rows);
  failed_ |= rows;
}

}  // namespace autopilot::expr
