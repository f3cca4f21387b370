#include "core/evaluate/counting.h"

#include <algorithm>
#include <bit>

#include "core/evaluate/parts.h"

namespace autopilot::evaluate {
namespace {

using events::Batch;

constexpr std::size_t kFewBlocks = 512;
constexpr std::size_t kRowsOfBlock = 16;

// Beside each estimator of the target stands that of the baseline; what was logged is the same
// beside all.
std::vector<Column> columns_of(const Comparison& comparison) {
  std::vector<Column> out;
  for (const Tuned& e : comparison.estimators()) {
    out.push_back({0, e.estimator, {}});
    if (!comparison.is_against_logged()) out.push_back({1, e.estimator, {}});
  }
  if (comparison.is_against_logged()) out.push_back({0, {stats::Ope::logged}, {}});
  return out;
}

// What one part of the log comes to.
struct CountedPart {
  Tally tally;
  DiagnosisSums diagnosis;
  std::optional<SegmentTallies> segments;
  std::vector<RowTerms> terms;  // by target

  void add(const CountedPart& other) {
    tally.add(other.tally);
    diagnosis.add(other.diagnosis);
    if (segments) segments->add(*other.segments);
  }
};

}  // namespace

std::size_t blocks_of(const Log& log) {
  const double rows = static_cast<double>(log.rows->rows());
  const auto independent = static_cast<std::size_t>(rows / std::max(1.0, log.rows_per_unit));
  if (independent < kFewBlocks) return std::max<std::size_t>(1, independent);
  return std::clamp(std::bit_floor(independent / kRowsOfBlock), kFewBlocks,
                    stats::BlockSums::kBlocks);
}

Counted::Counted(const Comparison& comparison)
    : comparison_(comparison), plan_(columns_of(comparison), comparison.most_weight()) {
  const BacktestSpec& spec = comparison.spec();
  if (!spec.segments.empty() || spec.window)
    segmenting_.emplace(comparison.log(), spec.segments, spec.window);
  count();
  totals_ = tally_->sums().totals();
}

void Counted::count() {
  const Log& log = comparison_.log();
  const std::size_t blocks = blocks_of(log);
  const bool by_unit = log.unit != Log::kNone;
  Parts<CountedPart> parts;
  log.rows->for_each([&](std::size_t part, const Batch& batch) {
    if (!parts[part]) {
      parts[part].emplace(CountedPart{
          Tally(plan_, blocks), DiagnosisSums(log, *comparison_.targets()[0]), std::nullopt, {}});
      if (segmenting_) parts[part]->segments.emplace(*segmenting_, plan_);
      for (std::size_t t = 0; t < comparison_.targets().size(); ++t)
        parts[part]->terms.emplace_back(comparison_.source(t));
    }
    CountedPart& to = *parts[part];
    Tally::Rows rows;
    for (RowTerms& t : to.terms) rows.by_target.push_back(&t.compute(batch));
    rows.first = batch.first;
    std::vector<std::uint32_t> block;
    if (by_unit || segmenting_) {
      for (std::size_t i = 0; i < batch.rows; ++i) block.push_back(log.block_of(batch, i, blocks));
    }
    if (by_unit) rows.block = block;
    to.tally.add(rows);
    to.diagnosis.add(batch, *rows.by_target[0]);
    if (to.segments) to.segments->add(batch, rows, block);
  });
  CountedPart all = merged(parts);
  tally_.emplace(std::move(all.tally));
  diagnosis_ = all.diagnosis.finish(tally_->weights()[0], comparison_.baseline());
  if (all.segments) segments_.emplace(std::move(*all.segments));
}

std::size_t Counted::column_of(std::size_t estimator) const {
  return comparison_.is_against_logged() ? estimator : 2 * estimator;
}
std::size_t Counted::baseline_of(std::size_t estimator) const {
  return comparison_.is_against_logged() ? plan_.columns.size() - 1 : 2 * estimator + 1;
}
const stats::Estimand& Counted::target(std::size_t estimator) const {
  return plan_.columns[column_of(estimator)].estimand;
}
const stats::Estimand& Counted::baseline(std::size_t estimator) const {
  return plan_.columns[baseline_of(estimator)].estimand;
}

std::vector<stats::Estimand> Counted::estimands() const {
  std::vector<stats::Estimand> out;
  for (const Column& c : plan_.columns) out.push_back(c.estimand);
  return out;
}

std::vector<Segment> Counted::segments(std::size_t estimator) const {
  if (!segments_) return {};
  return segments_->describe(*segmenting_, target(estimator), baseline(estimator),
                             comparison_.spec().alpha);
}

}  // namespace autopilot::evaluate
