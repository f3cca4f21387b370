#include "core/evaluate/refitting.h"

#include <cmath>

#include "core/evaluate/counting.h"
#include "core/evaluate/parts.h"
#include "core/stats/ope_interval.h"
#include "core/stats/ope_resample.h"
#include "core/stats/sample.h"

namespace autopilot::evaluate {
namespace {

constexpr std::uint64_t kRefitSeed = 0x7265666974;  // other resamples than those of the estimates

struct Means {
  double target = 0, baseline = 0, rows = 0;
  void add(const Means& other) {
    target += other.target;
    baseline += other.baseline;
    rows += other.rows;
  }
};

Means means_of(const Comparison& comparison, const RewardModel& model, const BlockCounts& counts) {
  const Log& log = comparison.log();
  Parts<Means> parts;
  Parts<std::vector<RowTerms>> terms;
  log.rows->for_each([&](std::size_t part, const events::Batch& batch) {
    if (!parts[part]) {
      parts[part].emplace();
      terms[part].emplace();
      for (std::size_t t = 0; t < comparison.targets().size(); ++t) {
        TermsSource source = comparison.without_replay(t);
        source.model = &model;
        source.mrdr = nullptr;
        terms[part]->emplace_back(source);
      }
    }
    const stats::OpeRows& target = terms[part]->front().compute(batch);
    const double* const other =
        comparison.is_against_logged() ? target.reward : terms[part]->back().compute(batch).value;
    for (std::size_t i = 0; i < batch.rows; ++i) {
      const double times = counts[log.block_of(batch, i, counts.size())];
      parts[part]->target += times * target.value[i];
      parts[part]->baseline += times * other[i];
      parts[part]->rows += times;
    }
  });
  return merged(parts);
}

}  // namespace

Refits refit(const Comparison& comparison) {
  const BacktestSpec& spec = comparison.spec();
  Refits out;
  for (std::size_t i = 0; i < spec.refits; ++i) {
    const BlockCounts counts =
        stats::drawn_blocks(blocks_of(comparison.log()), spec.seed ^ kRefitSeed, i);
    const std::unique_ptr<RewardModel> model =
        fit_model(comparison.log(), spec.model, nullptr, &counts);
    const Means means = means_of(comparison, *model, counts);
    out.target.push_back(means.target / means.rows);
    out.baseline.push_back(means.baseline / means.rows);
  }
  return out;
}

void state_refitted(const Refits& refits, double baseline, double alpha, Estimated& to) {
  const stats::ErrorWorth worth{static_cast<double>(refits.target.size()) - 1, 0};
  const double factor = stats::student_factor(worth, alpha);
  const auto around = [&](double value, double error) {
    return stats::Interval{value - factor * error, value + factor * error};
  };
  to.error = std::sqrt(stats::variance(refits.target));
  to.bootstrap = {around(to.value, to.error), ""};
  to.refits = refits.target.size();
  std::vector<double> difference = refits.target;
  for (std::size_t i = 0; i < difference.size(); ++i) difference[i] -= refits.baseline[i];
  Uplift uplift;
  uplift.baseline = baseline;
  uplift.difference = to.value - baseline;
  uplift.difference_error = std::sqrt(stats::variance(difference));
  uplift.difference_interval = around(uplift.difference, uplift.difference_error);
  uplift.relative = relative_to(baseline, uplift.difference);
  if (uplift.difference_error > 0)
    uplift.p = stats::student_p(worth, uplift.difference / uplift.difference_error);
  std::vector<double> relative = difference;
  for (std::size_t i = 0; i < relative.size(); ++i)
    relative[i] = relative_to(refits.baseline[i], difference[i]);
  const double relative_error = std::sqrt(stats::variance(relative));
  if (std::isfinite(uplift.relative + relative_error)) {
    uplift.relative_interval = stats::Interval{uplift.relative - factor * relative_error,
                                               uplift.relative + factor * relative_error};
  }
  to.uplift = uplift;
}

}  // namespace autopilot::evaluate
