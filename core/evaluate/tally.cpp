#include "core/evaluate/tally.h"

#include <algorithm>
#include <cmath>

namespace autopilot::evaluate {

using stats::Estimand;
using stats::Ope;

TallyPlan::TallyPlan(std::vector<Column> wanted, std::size_t target_count)
    : columns(std::move(wanted)),
      targets(target_count),
      weight_sum(target_count, Estimand::kNone),
      accepted_sum(target_count, Estimand::kNone) {
  const auto next = [&] { return static_cast<int>(sums++); };
  for (int& w : weight_sum) w = next();
  for (Column& c : columns) {
    const Ope kind = c.estimator.kind;
    if (kind != Ope::snips && kind != Ope::replay) c.estimand.mean = next();
    if (!stats::is_self_normalised(kind)) continue;
    c.estimand.ratio = next();
    int& accepted = accepted_sum[c.target];
    if (kind == Ope::replay && accepted == Estimand::kNone) accepted = next();
    c.estimand.denominator = kind == Ope::replay ? accepted : weight_sum[c.target];
  }
}

void WeightSums::add(const double* weight, const double* reward, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    const double w = weight[i], wr = w * reward[i];
    sum += w;
    squares += w * w;
    most = std::max(most, w);
    rewarded += wr;
    rewarded_squares += wr * wr;
  }
  rows += static_cast<double>(count);
}

void WeightSums::add(const WeightSums& other) {
  rows += other.rows;
  sum += other.sum;
  squares += other.squares;
  most = std::max(most, other.most);
  rewarded += other.rewarded;
  rewarded_squares += other.rewarded_squares;
  least_propensity = std::min(least_propensity, other.least_propensity);
}

double WeightSums::effective() const { return squares > 0 ? sum * sum / squares : 0; }

double WeightSums::effective_rewards() const {
  return rewarded_squares > 0 ? rewarded * rewarded / rewarded_squares : 0;
}

double WeightSums::mean_error() const {
  if (rows < 2) return 0;
  return std::sqrt(std::max(0.0, squares - sum * sum / rows) / (rows - 1) / rows);
}

Tally::Tally(const TallyPlan& plan, std::size_t blocks)
    : plan_(&plan),
      sums_(blocks, plan.sums),
      moments_(plan.columns.size()),
      weights_(plan.targets) {}

void Tally::put(std::size_t column, const Rows& rows, const double* values, std::size_t count) {
  if (rows.block.empty()) sums_.add_by_turns(column, rows.first, {values, count});
  else sums_.add_to(column, rows.block, {values, count});
}

void Tally::add(const Rows& rows) {
  const std::size_t count = rows.by_target.front()->count;
  if (count == 0) return;
  by_turns_ = by_turns_ && rows.block.empty();
  mean_.assign(count, 1);
  ratio_.resize(count);
  put(0, rows, mean_.data(), count);
  for (std::size_t t = 0; t < plan_->targets; ++t) {
    const stats::OpeRows& target = *rows.by_target[t];
    weights_[t].add(target.weight, target.reward, count);
    put(static_cast<std::size_t>(plan_->weight_sum[t]), rows, target.weight, count);
    if (plan_->accepted_sum[t] != Estimand::kNone)
      put(static_cast<std::size_t>(plan_->accepted_sum[t]), rows, target.accepted, count);
  }
  for (std::size_t c = 0; c < plan_->columns.size(); ++c) {
    const Column& column = plan_->columns[c];
    const stats::OpeRows& target = *rows.by_target[column.target];
    const bool has_mean = mean_terms(column.estimator, target, mean_.data());
    const bool has_ratio = ratio_terms(column.estimator, target, ratio_.data());
    const double* const below =
        column.estimator.kind == Ope::replay ? target.accepted : target.weight;
    if (has_mean) put(static_cast<std::size_t>(column.estimand.mean), rows, mean_.data(), count);
    if (has_ratio) put(static_cast<std::size_t>(column.estimand.ratio), rows, ratio_.data(), count);
    moments_[c].add(has_mean ? mean_.data() : nullptr, has_ratio ? ratio_.data() : nullptr, below,
                    count);
  }
}

void Tally::add(const Tally& other) {
  sums_.add(other.sums_);
  for (std::size_t c = 0; c < moments_.size(); ++c) moments_[c].add(other.moments_[c]);
  for (std::size_t t = 0; t < weights_.size(); ++t) weights_[t].add(other.weights_[t]);
  by_turns_ = by_turns_ && other.by_turns_;
}

}  // namespace autopilot::evaluate
