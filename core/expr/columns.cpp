#include "core/expr/columns.h"

#include <algorithm>

#include "core/expr/map.h"

namespace autopilot::expr {
std::uint32_t Dictionary::add(const Val& value) {
  only_text_ = only_text_ && value.tag == Tag::string;
  if (value.tag == Tag::string) longest_text_ = std::max(longest_text_, value.size);
  values_.push_back(value);
  return size() - 1;
}

bool Column::is_present(std::uint32_t row) const {
  if (kind == ColumnKind::absent) return false;
  if (kind == ColumnKind::any) return values[row].tag != Tag::absent;
  return present == nullptr || has_bit(present, row);
}

Val Column::value(std::uint32_t row, Arena& arena) const {
  if (kind == ColumnKind::any) return values[row];
  if (!is_present(row)) return {};
  if (nulls != nullptr && has_bit(nulls, row)) return Val::of_null();
  switch (kind) {
    case ColumnKind::real:
      return Val::of_double(reals[row]);
    case ColumnKind::boolean:
      return Val::of_bool(has_bit(booleans, row));
    case ColumnKind::coded:
      return (*dictionary)[codes[row]];
    case ColumnKind::lists:
      return list(row, arena);
    case ColumnKind::maps:
      return map(row, arena);
    case ColumnKind::timestamp:
      return Val::of_timestamp(seconds[row], nanos[row]);
    case ColumnKind::absent:
    case ColumnKind::any:
      break;
  }
  return {};
}

Val Column::list(std::uint32_t row, Arena& arena) const {
  const std::uint32_t size = offsets[row + 1] - offsets[row];
  Val* items = arena.array<Val>(size);
  std::transform(codes + offsets[row], codes + offsets[row + 1], items,
                 [&](std::uint32_t code) { return (*dictionary)[code]; });
  return Val::of_list(make_list(arena, items, size));
}

Val Column::map(std::uint32_t row, Arena& arena) const {
  const std::uint32_t size = offsets[row + 1] - offsets[row];
  auto* entries = arena.array<MapEntry>(size);
  for (std::uint32_t i = 0; i < size; ++i) {
    const std::uint32_t at = offsets[row] + i;
    entries[i] = {(*dictionary)[keys[at]], (*dictionary)[codes[at]]};
  }
  return Val::of_map(make_map(arena, entries, size));
}

}  // namespace autopilot::expr
