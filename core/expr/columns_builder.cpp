#include "core/expr/columns_builder.h"

#include <algorithm>

namespace autopilot::expr {
namespace {

bool has_value(const Val& value) { return value.tag != Tag::absent && value.tag != Tag::null; }

ColumnKind kind_of(Tag tag) {
  switch (tag) {
    case Tag::real:
      return ColumnKind::real;
    case Tag::boolean:
      return ColumnKind::boolean;
    case Tag::string:
      return ColumnKind::coded;
    case Tag::list:
      return ColumnKind::lists;
    case Tag::map:
      return ColumnKind::maps;
    case Tag::timestamp:
      return ColumnKind::timestamp;
    default:
      return ColumnKind::any;
  }
}

// The kind that fits the types of all values; whether the contents fit too is seen while filling.
ColumnKind kind_of(const std::vector<Val>& values) {
  const auto is_absent = [](const Val& value) { return value.tag == Tag::absent; };
  if (std::all_of(values.begin(), values.end(), is_absent)) return ColumnKind::absent;
  const auto first = std::find_if(values.begin(), values.end(), has_value);
  if (first == values.end()) return ColumnKind::any;
  const bool alike = std::all_of(first, values.end(), [&](const Val& value) {
    return value.tag == first->tag || !has_value(value);
  });
  return alike ? kind_of(first->tag) : ColumnKind::any;
}

template <class Holds>
const std::uint64_t* fill_bits(std::vector<std::uint64_t>& words, const std::vector<Val>& values,
                               Holds holds) {
  words.assign(words_for(static_cast<std::uint32_t>(values.size())), 0);
  for (std::size_t row = 0; row < values.size(); ++row) {
    if (holds(values[row])) words[row / 64] |= std::uint64_t{1} << row % 64;
  }
  return words.data();
}

template <class T, class Of>
const T* fill_row_by_row(std::vector<T>& out, const std::vector<Val>& values, Of of) {
  out.clear();
  for (const Val& value : values) out.push_back(has_value(value) ? of(value) : T{});
  return out.data();
}

}  // namespace

std::uint32_t TextCodes::code(std::string_view text) {
  const auto found = codes_.find(text);
  if (found != codes_.end()) return found->second;
  if (dictionary_.size() >= limit_) return kNone;
  const std::string_view kept = arena_.copy(text);
  return codes_[kept] = dictionary_.add(Val::of_string(kept));
}

void BatchBuilder::add(const Val* slots) {
  for (std::size_t i = 0; i < columns_.size(); ++i) columns_[i].values.push_back(slots[i]);
  ++rows_;
}

void BatchBuilder::clear() {
  for (Store& store : columns_) store.values.clear();
  rows_ = 0;
}

const Batch& BatchBuilder::finish() {
  batch_.rows = rows_;
  batch_.columns.clear();
  for (Store& store : columns_) batch_.columns.push_back(column(store));
  return batch_;
}

Column BatchBuilder::column(Store& store) {
  Column out;
  out.kind = kind_of(store.values);
  if (out.kind == ColumnKind::absent) return out;
  if (out.kind != ColumnKind::any && fill(store, out)) {
    const auto is_absent = [](const Val& value) { return value.tag == Tag::absent; };
    const auto is_null = [](const Val& value) { return value.tag == Tag::null; };
    if (std::any_of(store.values.begin(), store.values.end(), is_absent))
      out.present = fill_bits(store.present, store.values, std::not_fn(is_absent));
    if (std::any_of(store.values.begin(), store.values.end(), is_null))
      out.nulls = fill_bits(store.nulls, store.values, is_null);
    return out;
  }
  out = {};
  out.kind = ColumnKind::any;
  out.values = store.values.data();
  return out;
}

bool BatchBuilder::fill(Store& store, Column& column) {
  const auto seconds = [](const Val& value) { return value.integer; };
  const auto nanos = [](const Val& value) { return value.size; };
  bool fits = true;
  if (column.kind == ColumnKind::real) {
    column.reals =
        fill_row_by_row(store.reals, store.values, [](const Val& value) { return value.real; });
  } else if (column.kind == ColumnKind::boolean) {
    column.booleans =
        fill_bits(store.booleans, store.values, [](const Val& value) { return value.is_true(); });
  } else if (column.kind == ColumnKind::timestamp) {
    column.seconds = fill_row_by_row(store.seconds, store.values, seconds);
    column.nanos = fill_row_by_row(store.nanos, store.values, nanos);
  } else {
    fits = column.kind == ColumnKind::coded   ? fill_codes(store)
           : column.kind == ColumnKind::lists ? fill_lists(store)
                                              : fill_maps(store);
    column.codes = store.codes.data();
    column.keys = store.keys.data();
    column.offsets = store.offsets.data();
    column.dictionary = &codes_.dictionary();
  }
  return fits;
}

bool BatchBuilder::fill_codes(Store& store) {
  fill_row_by_row(store.codes, store.values,
                  [&](const Val& value) { return codes_.code(value.text()); });
  return std::count(store.codes.begin(), store.codes.end(), TextCodes::kNone) == 0;
}

bool BatchBuilder::fill_lists(Store& store) {
  store.codes.clear();
  store.offsets.assign(1, 0);
  for (const Val& value : store.values) {
    for (std::uint32_t i = 0; has_value(value) && i < value.list->size; ++i) {
      const Val& item = value.list->items[i];
      if (item.tag != Tag::string) return false;
      store.codes.push_back(codes_.code(item.text()));
    }
    store.offsets.push_back(static_cast<std::uint32_t>(store.codes.size()));
  }
  return std::count(store.codes.begin(), store.codes.end(), TextCodes::kNone) == 0;
}

bool BatchBuilder::fill_maps(Store& store) {
  store.codes.clear();
  store.keys.clear();
  store.offsets.assign(1, 0);
  for (const Val& value : store.values) {
    for (std::uint32_t i = 0; has_value(value) && i < value.map->size; ++i) {
      const MapEntry& entry = value.map->entries[i];
      if (entry.key.tag != Tag::string || entry.value.tag != Tag::string) return false;
      store.keys.push_back(codes_.code(entry.key.text()));
      store.codes.push_back(codes_.code(entry.value.text()));
    }
    store.offsets.push_back(static_cast<std::uint32_t>(store.codes.size()));
  }
  return std::count(store.codes.begin(), store.codes.end(), TextCodes::kNone) == 0 &&
         std::count(store.keys.begin(), store.keys.end(), TextCodes::kNone) == 0;
}

}  // namespace autopilot::expr
