// Programs on columns against the machine, row by row: the same values, errors and costs, whatever
// the expression and the rows.
#include "core/expr/column_program.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

#include "core/base/json.h"
#include "core/expr/batch.h"
#include "core/expr/columns_builder.h"
#include "core/expr/expression.h"
#include "core/expr/map.h"
#include "core/expr/val_ops.h"
#include "tests/expr/column_samples.h"

namespace autopilot::expr {
namespace {

using testing::ColumnSamples;

constexpr std::uint32_t kSizes[] = {1, 63, 64, 65, 1024, 2048};

// Same type, same value; NaN is NaN, and zeros keep their sign.
bool is_alike(const Val& a, const Val& b) {
  if (a.tag != b.tag) return false;
  return a.tag == Tag::error || (equal(a, b) && (a.tag != Tag::real || a.real != 0)) ||
         to_text(a) == to_text(b);
}

// Rows of one batch and what they may spend.
struct Rows {
  const std::vector<std::vector<Val>>* values;
  std::uint32_t begin, count;
  std::uint64_t limit = 1'000'000;
};

class Comparison {
 public:
  Comparison(const Program& program, ColumnProgram& columns, TextCodes& codes, Rows rows)
      : program_(program), columns_(columns), rows_(rows), builder_(width(), codes) {
    for (std::uint32_t row = 0; row < rows.count; ++row) builder_.add(slots(row));
    batch_ = builder_.finish();
    for (std::uint32_t row = 0; row < rows.count; ++row) {
      // Some rows have spent something, a few nearly all or more.
      asked_.add(row);
      before_[row] = row % 7 == 0    ? rows.limit - row % 40
                     : row % 11 == 0 ? rows.limit + 1
                                     : row % 3;
      if (row % 13 == 5) asked_.remove(row);
    }
    scratch_.cost_limit = rows.limit;
  }

  // Empty when all rows agree.
  std::string difference() {
    expect_scalar();
    std::string out = difference_of_tests(true);
    if (out.empty()) out = difference_of_values();
    return out;
  }

 private:
  std::uint32_t width() const {
    return static_cast<std::uint32_t>(rows_.values->empty() ? 0 : rows_.values->front().size());
  }
  const Val* slots(std::uint32_t row) const { return (*rows_.values)[rows_.begin + row].data(); }

  void expect_scalar() {
    expected_.resize(rows_.count);
    after_ = before_;
    asked_.each([&](std::uint32_t row) {
      kept_.cost_limit = rows_.limit;
      kept_.cost = before_[row];
      expected_[row] = program_.evaluate(slots(row), kept_);
      after_[row] = kept_.cost;
    });
  }

  std::string difference_of_costs(const std::vector<std::uint64_t>& costs, std::uint32_t row) {
    if (costs[row] == after_[row]) return "";
    return "cost " + std::to_string(costs[row]) + ", not " + std::to_string(after_[row]);
  }

  std::string difference_of_tests(bool with_costs) {
    scratch_.reset();
    scratch_.cost = 5;
    std::vector<std::uint64_t> costs = before_;
    const Verdicts got =
        columns_.test(batch_, asked_, scratch_, with_costs ? costs.data() : nullptr);
    std::string out = scratch_.cost == 5 ? "" : "the scratch's own cost changed";
    for (std::uint32_t row = 0; row < kBatchRows && out.empty(); ++row) {
      const bool asked = asked_.has(row);
      const bool yes = asked && expected_[row].is_true();
      const bool failed = asked && expected_[row].tag != Tag::boolean;
      if (got.yes.has(row) != yes || got.failed.has(row) != failed)
        out = got.yes.has(row) ? "yes" : got.failed.has(row) ? "failed" : "no";
      if (out.empty() && asked) out = difference_of_costs(costs, row);
      if (!out.empty()) out = where(row) + "test gives " + out;
    }
    return out;
  }

  std::string difference_of_values() {
    scratch_.reset();
    std::vector<std::uint64_t> costs = before_;
    const ColumnValues got = columns_.evaluate(batch_, asked_, scratch_, costs.data());
    Arena arena;
    std::string out;
    asked_.each([&](std::uint32_t row) {
      if (!out.empty()) return;
      const bool failed = got.failed.has(row);
      const bool present = got.column.is_present(row);
      const Val value = failed || !present ? Val() : got.column.value(row, arena);
      const bool same =
          failed ? expected_[row].is_error() : present && is_alike(value, expected_[row]);
      if (!same) out = "value is " + (failed ? "an error" : present ? to_text(value) : "absent");
      if (out.empty()) out = difference_of_costs(costs, row);
      if (!out.empty()) out = where(row) + out;
    });
    return out;
  }

  std::string where(std::uint32_t row) {
    std::string out = "row " + std::to_string(row) + " of " + std::to_string(rows_.count) + ": ";
    if (expected_.size() <= row) return out + "not there: ";
    const Val& expected = expected_[row];
    out += expected.is_error() ? program_.fault(expected, kept_).message : to_text(expected);
    out += " expected from";
    for (std::uint32_t i = 0; i < width(); ++i)
      out += " " + (slots(row)[i].tag == Tag::absent ? "absent" : to_text(slots(row)[i]));
    return out + "; ";
  }

  const Program& program_;
  ColumnProgram& columns_;
  Rows rows_;
  BatchBuilder builder_;
  Batch batch_;
  RowSet asked_;
  Scratch scratch_, kept_;
  std::vector<Val> expected_;
  std::vector<std::uint64_t> before_ = std::vector<std::uint64_t>(kBatchRows);
  std::vector<std::uint64_t> after_;
};

// Compares in batches of every size, which share what the program remembers.
void expect_same(const std::string& source, const Program& program,
                 const std::vector<std::vector<Val>>& values, std::uint64_t limit) {
  ColumnProgram columns(program);
  TextCodes codes;
  for (const std::uint32_t size : kSizes) {
    for (std::uint32_t begin = 0; begin < values.size() && begin < 3 * size; begin += size) {
      const auto count = std::min(size, static_cast<std::uint32_t>(values.size()) - begin);
      Comparison comparison(program, columns, codes, {&values, begin, count, limit});
      const std::string difference = comparison.difference();
      EXPECT_EQ(difference, "") << source << "\n" << program.explain();
      if (!difference.empty()) return;
    }
  }
}

std::vector<std::vector<Val>> rows_for(const SlotTable& slots, ColumnSamples& samples,
                                       std::uint32_t count) {
  std::vector<std::vector<Val>> rows(count);
  for (const Path& path : slots.paths()) {
    samples.begin_column(path);
    for (auto& row : rows) row.push_back(samples.value());
  }
  return rows;
}

CheckedExpr checked_or_not(const std::string& source, const Environment& environment) {
  CheckedExpr checked = parse_and_check(source, environment);
  if (checked.ok()) return checked;
  ExpressionOptions options;
  options.check = false;
  return parse_and_check(source, environment, options);
}

TEST(ColumnPrograms, give_what_the_machine_gives_for_random_expressions) {
  ColumnSamples samples(20261127);
  int checked = 0, compared = 0;
  for (int round = 0; round < 700; ++round) {
    const std::string source = samples.expression();
    checked += parse_and_check(source, ColumnSamples::environment()).ok();
    const CheckedExpr expression = checked_or_not(source, ColumnSamples::environment());
    if (!expression.ok()) continue;
    SlotTable slots;
    const Program program = compile(expression, slots);
    const std::uint32_t count = round % 8 == 0 ? 2048 : 130;
    expect_same(source, program, rows_for(slots, samples, count), round % 3 == 0 ? 40 : 1'000'000);
    ++compared;
    if (HasFailure()) return;
  }
  EXPECT_GT(checked, 400);  // most are well typed
  EXPECT_EQ(compared, 700);
}

TEST(ColumnPrograms, give_what_the_machine_gives_for_the_case_files) {
  ColumnSamples samples(7);
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("testdata/expr")) {
    if (entry.path().extension() != ".json") continue;
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(file)),
                           std::istreambuf_iterator<char>());
    const Value cases = parse_json(text).value;
    for (const Value& test : cases.get("tests")->as_list()) {
      const std::string source = test.get("expr")->as_string();
      Environment environment;
      environment.variables = {{"metrics", Type::record({}, true)}};
      std::vector<std::pair<std::string, Value>> bound;
      if (const Value* bindings = test.get("bindings"); bindings != nullptr && bindings->is_map()) {
        for (const auto& [name, value] : bindings->as_map()) {
          environment.variables[name] = Type();
          bound.emplace_back(name, value);
        }
      }
      ExpressionOptions unchecked;
      unchecked.check = false;
      const CheckedExpr expression = parse_and_check(source, environment, unchecked);
      if (!expression.ok()) continue;
      SlotTable slots;
      const Program program = compile(expression, slots);
      Scratch scratch;
      std::vector<std::vector<Val>> rows = rows_for(slots, samples, 66);
      for (const auto& [name, value] : bound) {
        const int slot = slots.find({name});
        if (slot < 0) continue;
        for (std::size_t row = 0; row < rows.size(); row += row % 5 == 0 ? 2 : 1)
          rows[row][static_cast<std::size_t>(slot)] = untag(value, scratch);
      }
      expect_same(source, program, rows, 1'000'000);
      ++count;
      if (HasFailure()) return;
    }
  }
  EXPECT_GT(count, 400);
}

TEST(ColumnPrograms, give_what_the_machine_gives_for_conditions_as_people_write_them) {
  ColumnSamples samples(3);
  for (const std::string& source : ColumnSamples::usual()) {
    const CheckedExpr expression = parse_and_check(source, ColumnSamples::environment());
    ASSERT_TRUE(expression.ok()) << source << ": " << expression.faults[0].message;
    SlotTable slots;
    const Program program = compile(expression, slots);
    for (const std::uint64_t limit : {std::uint64_t{1'000'000}, std::uint64_t{30}})
      expect_same(source, program, rows_for(slots, samples, 2048), limit);
    if (HasFailure()) return;
  }
}

// Without these the comparisons above could pass because nothing is ever true.
TEST(ColumnPrograms, meet_rows_of_every_outcome) {
  ColumnSamples samples(20261127);
  int yes = 0, failed = 0, no = 0;
  for (int round = 0; round < 100; ++round) {
    SlotTable slots;
    const CheckedExpr expression =
        checked_or_not(samples.expression(), ColumnSamples::environment());
    const Program program = compile(expression, slots);
    const auto rows = rows_for(slots, samples, 64);
    TextCodes codes;
    BatchBuilder builder(static_cast<std::uint32_t>(slots.size()), codes);
    for (const auto& row : rows) builder.add(row.data());
    Scratch scratch;
    const Verdicts got = ColumnProgram(program).test(builder.finish(), RowSet::first(64), scratch);
    yes += static_cast<int>(got.yes.count());
    failed += static_cast<int>(got.failed.count());
    no += static_cast<int>(64 - got.yes.count() - got.failed.count());
  }
  EXPECT_GT(yes, 300);
  EXPECT_GT(no, 300);
  EXPECT_GT(failed, 300);
}

TEST(ColumnPrograms, learn_of_strings_that_come_later) {
  SlotTable slots;
  const Program program =
      compile(parse_and_check("action.type.startsWith('a')", ColumnSamples::environment()), slots);
  ColumnProgram columns(program);
  TextCodes codes;
  Scratch scratch;
  for (const char* text : {"b", "ab", "c", "ac", ""}) {
    BatchBuilder builder(1, codes);
    const Val value = Val::of_string(text);
    builder.add(&value);
    const Verdicts got = columns.test(builder.finish(), RowSet::first(1), scratch);
    EXPECT_EQ(got.yes.has(0), text[0] == 'a') << text;
  }
}

TEST(ColumnPrograms, give_no_row_that_was_not_asked_for) {
  SlotTable slots;
  const Program program =
      compile(parse_and_check("metrics.a < 1.0 || true", ColumnSamples::environment()), slots);
  ColumnProgram columns(program);
  Scratch scratch;
  Batch batch;
  batch.rows = 100;
  const Verdicts got = columns.test(batch, RowSet::of(70), scratch);
  EXPECT_EQ(got.yes, RowSet::of(70));
  EXPECT_FALSE(got.failed.any());
  EXPECT_FALSE(columns.test(batch, {}, scratch).yes.any());
}

TEST(ColumnPrograms, tell_the_reason_of_a_row_that_failed) {
  SlotTable slots;
  const Program program =
      compile(parse_and_check("metrics.a < 1.0", ColumnSamples::environment()), slots);
  Scratch scratch;
  Batch batch;
  batch.rows = 1;
  const Val error = evaluate_row(program, batch, 0, scratch);
  EXPECT_EQ(program.fault(error, scratch).message, "no such key: a");
}

}  // namespace
}  // namespace autopilot::expr
