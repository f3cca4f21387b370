// Columns give back the very records they were made of.
#include "core/expr/columns.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/expr/columns_builder.h"
#include "core/expr/map.h"
#include "core/expr/val_ops.h"

namespace autopilot::expr {
namespace {

struct FilledColumn {
  explicit FilledColumn(std::vector<Val> values, std::uint32_t limit = 1000)
      : given(std::move(values)), codes(limit), builder(1, codes) {
    for (const Val& value : given) builder.add(&value);
    batch = builder.finish();
  }
  void expect(ColumnKind kind) {
    EXPECT_EQ(batch.column(0).kind, kind);
    for (std::uint32_t row = 0; row < given.size(); ++row) {
      const Val got = batch.value(0, row, arena);
      EXPECT_EQ(got.tag, given[row].tag) << row;
      EXPECT_EQ(batch.column(0).is_present(row), given[row].tag != Tag::absent) << row;
      EXPECT_TRUE(got.tag == Tag::absent || equal(got, given[row])) << row;
    }
  }

  std::vector<Val> given;
  TextCodes codes;
  BatchBuilder builder;
  Batch batch;
  Arena arena;
};

Val list_of(Arena& arena, const std::vector<Val>& items) {
  Val* copy = arena.array<Val>(items.size());
  std::copy(items.begin(), items.end(), copy);
  return Val::of_list(make_list(arena, copy, static_cast<std::uint32_t>(items.size())));
}

Val map_of(Arena& arena, const std::vector<MapEntry>& entries) {
  auto* copy = arena.array<MapEntry>(entries.size());
  std::copy(entries.begin(), entries.end(), copy);
  return Val::of_map(make_map(arena, copy, static_cast<std::uint32_t>(entries.size())));
}

const Val kAbsent;
const Val kNull = Val::of_null();

TEST(Columns, the_kind_is_that_of_the_values_and_absent_is_not_null) {
  FilledColumn({kAbsent, kAbsent}).expect(ColumnKind::absent);
  FilledColumn({Val::of_double(1), kNull, kAbsent, Val::of_double(-0.0)}).expect(ColumnKind::real);
  FilledColumn({kNull, Val::of_bool(true), Val::of_bool(false)}).expect(ColumnKind::boolean);
  FilledColumn({Val::of_string("a"), Val::of_string(""), kAbsent, Val::of_string("a")})
      .expect(ColumnKind::coded);
  FilledColumn({Val::of_timestamp(-5, 7), kNull, kAbsent}).expect(ColumnKind::timestamp);
  FilledColumn({Val::of_double(1), Val::of_string("1")}).expect(ColumnKind::any);
  FilledColumn({Val::of_int(1), kNull, kAbsent}).expect(ColumnKind::any);
  FilledColumn({kNull, kAbsent}).expect(ColumnKind::any);
}

TEST(Columns, lists_and_maps_of_strings_are_coded_others_are_kept_whole) {
  Arena arena;
  const Val a = Val::of_string("a"), b = Val::of_string("b"), one = Val::of_double(1);
  FilledColumn({list_of(arena, {a, b, a}), kAbsent, list_of(arena, {}), kNull})
      .expect(ColumnKind::lists);
  FilledColumn({list_of(arena, {a, one}), list_of(arena, {a})}).expect(ColumnKind::any);
  FilledColumn({map_of(arena, {{a, b}, {b, b}}), kNull, map_of(arena, {}), kAbsent})
      .expect(ColumnKind::maps);
  FilledColumn({map_of(arena, {{a, one}})}).expect(ColumnKind::any);
  FilledColumn({map_of(arena, {{one, a}})}).expect(ColumnKind::any);
}

TEST(Columns, a_full_dictionary_leaves_strings_uncoded) {
  FilledColumn({Val::of_string("a"), Val::of_string("b")}, 3).expect(ColumnKind::coded);
  FilledColumn({Val::of_string("a"), Val::of_string("b")}, 2).expect(ColumnKind::any);
}

TEST(Columns, a_nan_keeps_its_bits) {
  FilledColumn column({Val::of_double(std::nan("7")), Val::of_double(1)});
  EXPECT_EQ(column.batch.column(0).kind, ColumnKind::real);
  EXPECT_TRUE(std::isnan(column.batch.value(0, 0, column.arena).real));
}

TEST(Columns, slots_without_a_column_are_absent) {
  FilledColumn column({kNull});
  EXPECT_EQ(column.batch.value(7, 0, column.arena).tag, Tag::absent);
}

TEST(RowSets, hold_the_first_rows_and_their_differences) {
  for (const std::uint32_t rows : {0u, 1u, 63u, 64u, 65u, 2047u, 2048u}) {
    RowSet set = RowSet::first(rows);
    EXPECT_EQ(set.count(), rows);
    if (rows == 0) continue;
    EXPECT_TRUE(set.has(rows - 1));
    set.remove(rows - 1);
    EXPECT_EQ(set, RowSet::first(rows - 1));
    EXPECT_EQ((RowSet::first(rows) - set).count(), 1u);
  }
}

}  // namespace
}  // namespace autopilot::expr
