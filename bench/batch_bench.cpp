// Conditions on columns against the same conditions one record at a time: 1,024 records again and
// again, and 65,536 that nothing has in its caches. Both must find the same records.
#include <fmt/format.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <deque>

#include "bench/expr_samples.h"
#include "bench/measure.h"
#include "core/expr/column_program.h"
#include "core/expr/columns_builder.h"
#include "core/expr/expression.h"

namespace autopilot::bench {
namespace {

constexpr int kRounds = 9;
constexpr std::size_t kEvaluations = 400 * 1024;  // of one round, at least

// The records of one condition, as rows and as columns.
class Inputs {
 public:
  Inputs(const expr::SlotTable& slots, const std::vector<Record>& records)
      : width_(static_cast<std::size_t>(slots.size())) {
    for (std::size_t from = 0; from < records.size(); from += expr::kBatchRows)
      builders_.emplace_back(static_cast<std::uint32_t>(width_), codes_);
    rows_.reserve(width_ * records.size());
    for (std::size_t i = 0; i < records.size(); ++i) {
      for (const expr::Path& path : slots.paths())
        rows_.push_back(slot_value(path, records[i], arena_));
      builders_[i / expr::kBatchRows].add(row(i));
    }
    for (expr::BatchBuilder& builder : builders_) batches_.push_back(builder.finish());
  }

  const expr::Val* row(std::size_t i) const { return &rows_[i * width_]; }
  std::size_t size() const { return rows_.size() / width_; }
  const std::vector<expr::Batch>& batches() const { return batches_; }

 private:
  std::size_t width_;
  expr::Arena arena_;
  std::vector<expr::Val> rows_;
  expr::TextCodes codes_;
  std::deque<expr::BatchBuilder> builders_;
  std::vector<expr::Batch> batches_;
};

std::size_t count_rows(const expr::Program& program, const Inputs& inputs, expr::Scratch& scratch) {
  std::size_t trues = 0;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    scratch.reset();
    trues += program.evaluate(inputs.row(i), scratch).is_true();
  }
  return trues;
}

std::size_t count_columns(expr::ColumnProgram& program, const Inputs& inputs,
                          expr::Scratch& scratch) {
  std::size_t trues = 0;
  for (const expr::Batch& batch : inputs.batches()) {
    scratch.reset();
    trues += program.test(batch, expr::RowSet::first(batch.rows), scratch).yes.count();
  }
  return trues;
}

struct Rates {
  double columns = 0, rows = 0;  // evaluations a second
};

Rates measure(const Condition& condition, const std::vector<Record>& records) {
  const expr::CheckedExpr checked = expr::parse_and_check(condition.cel, environment());
  if (!checked.ok()) std::abort();
  expr::SlotTable slots;
  const expr::Program program = expr::compile(checked, slots);
  expr::ColumnProgram columns(program);
  const Inputs inputs(slots, records);
  expr::Scratch scratch;
  if (count_columns(columns, inputs, scratch) != count_rows(program, inputs, scratch)) {
    std::fprintf(stderr, "%s: columns and rows differ\n", condition.name);
    std::abort();
  }
  const std::size_t loops = (kEvaluations + records.size() - 1) / records.size();
  const auto repeat = [&](auto work) {
    return [&, work] {
      for (std::size_t i = 0; i < loops; ++i) keep(work());
    };
  };
  const auto timings = interleave({repeat([&] { return count_columns(columns, inputs, scratch); }),
                                   repeat([&] { return count_rows(program, inputs, scratch); })},
                                  kRounds);
  const double evaluations = static_cast<double>(loops * records.size());
  return {evaluations / timings[0].median, evaluations / timings[1].median};
}

void run(std::size_t count, const char* kind, double goal) {
  Dice dice;
  std::vector<Record> records;
  for (std::size_t i = 0; i < count; ++i) records.push_back(make_record(dice));
  Rates mean{1, 1};
  const std::vector<Condition> all = conditions();
  for (const Condition& condition : all) {
    const Rates rates = measure(condition, records);
    report({fmt::format("columns, {} {}", condition.name, kind),
            rates.columns,
            "/s",
            "one by one",
            rates.rows,
            {}});
    mean.columns *= std::pow(rates.columns, 1.0 / static_cast<double>(all.size()));
    mean.rows *= std::pow(rates.rows, 1.0 / static_cast<double>(all.size()));
  }
  report({fmt::format("columns, geometric mean {}", kind),
          mean.columns,
          "/s",
          "one by one",
          mean.rows,
          {ratio_at_least(goal)}});
}

}  // namespace
}  // namespace autopilot::bench

int main() {
  autopilot::bench::run(1024, "hot", 5);
  autopilot::bench::run(65536, "of 65,536 records", 15);
}
