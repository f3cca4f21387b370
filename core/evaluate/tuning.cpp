#include "core/evaluate/tuning.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "core/evaluate/parts.h"

namespace autopilot::evaluate {
namespace {

using stats::Ope;
using stats::OpeEstimator;
using stats::TuningSums;
using Grid = std::vector<OpeEstimator>;

struct GridSums {
  std::vector<TuningSums> sums;  // of all grids, one after another
  std::vector<double> scratch;

  explicit GridSums(const std::vector<Grid>& grids) {
    for (const Grid& grid : grids) {
      for (const OpeEstimator& e : grid) sums.push_back({e, 0, 0, 0});
    }
  }
  void add(const GridSums& other) {
    for (std::size_t i = 0; i < sums.size(); ++i) sums[i].add(other.sums[i]);
  }
};

bool is_open(const OpeEstimator& e) {
  return stats::has_parameter(e.kind) && std::isnan(e.parameter);
}

// The candidates; of those that shrink no weight, the last is enough.
Grid grid_of(const OpeEstimator& e, double most_weight) {
  if (!is_open(e)) return {};
  Grid out = stats::tuning_grid(e.kind);
  const OpeEstimator last = out.back();
  out.pop_back();
  std::erase_if(out, [&](const OpeEstimator& c) { return !shrinks(c, most_weight); });
  out.push_back(last);
  return out;
}

std::vector<TuningSums> sums_of(const std::vector<Grid>& grids, const TuningTask& task) {
  Parts<GridSums> parts;
  Parts<RowTerms> terms;
  task.terms.log->rows->for_each([&](std::size_t part, const events::Batch& batch) {
    if (!parts[part]) {
      parts[part].emplace(grids);
      terms[part].emplace(task.terms);
    }
    const stats::OpeRows& rows = terms[part]->compute(batch);
    for (TuningSums& sums : parts[part]->sums) {
      sums.add(rows, parts[part]->scratch);
      if (task.by == Tuning::mse)
        sums.add_lost(rows, stats::needs_model(sums.estimator.kind) ? rows.residual : rows.reward);
    }
  });
  return std::move(merged(parts).sums);
}

}  // namespace

bool shrinks(const OpeEstimator& estimator, double most_weight) {
  if (!stats::has_parameter(estimator.kind)) return false;
  return std::abs(stats::shrunk_weight(estimator, most_weight) - most_weight) > 1e-12 * most_weight;
}

std::vector<Tuned> tune(const TuningTask& task) {
  const std::uint64_t rows = task.terms.log->rows->rows();
  std::vector<Tuned> out;
  std::vector<Grid> grids;
  std::size_t candidates = 0;
  for (OpeEstimator e : task.estimators) {
    const bool is_tuned = is_open(e);
    // Those have a best parameter of their own.
    if (is_tuned && (e.kind == Ope::sg_ips || e.kind == Ope::sg_dr))
      e.parameter = stats::sub_gaussian_parameter(task.weights.mean_square,
                                                  static_cast<double>(rows), task.alpha);
    out.push_back({e, is_tuned});
    grids.push_back(grid_of(e, task.weights.most));
    candidates += grids.back().size();
  }
  if (candidates == 0) return out;
  const std::vector<TuningSums> sums = sums_of(grids, task);
  std::size_t at = 0;
  for (std::size_t e = 0; e < out.size(); ++e) {
    if (grids[e].empty()) continue;
    const std::span<const TuningSums> own(sums.data() + at, grids[e].size());
    const std::size_t chosen = task.by == Tuning::slope
                                   ? stats::choose_by_slope(own, rows)
                                   : stats::choose_by_mse(own, rows, task.weights);
    out[e].estimator = grids[e][chosen];
    at += grids[e].size();
  }
  return out;
}

}  // namespace autopilot::evaluate
