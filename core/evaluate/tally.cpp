#include "core/evaluate/tally.h"

#include <algorithm>
#include <cmath>

namespace autopilot::evaluate {

using stats::Estimand;
using stats::Ope;

bool SumOf::operator==(const SumOf& other) const {
  if (kind != other.kind || target != other.target) return false;
  if (kind != Kind::mean && kind != Kind::ratio) return true;
  return estimator.kind == other.estimator.kind && estimator.parameter == other.estimator.parameter;
}

TallyPlan::TallyPlan(std::vector<Column> wanted, std::vector<double> most_weight)
    : columns(std::move(wanted)), targets(most_weight.size()) {
  for (std::size_t t = 0; t < targets; ++t) sum_of({SumOf::Kind::weight, t, {}});
  for (Column& column : columns) place(column, most_weight[column.target]);
}

int TallyPlan::sum_of(const SumOf& what) {
  auto at = std::find(sums.begin(), sums.end(), what);
  if (at == sums.end()) at = sums.insert(sums.end(), what);
  return static_cast<int>(at - sums.begin()) + 1;
}

void TallyPlan::place(Column& column, double most_weight) {
  using Kind = SumOf::Kind;
  const stats::OpeEstimator& e = column.estimator;
  stats::Estimand& to = column.estimand;
  const auto sum = [&](Kind kind) { return sum_of({kind, column.target, e}); };
  const bool is_whole =
      !stats::has_parameter(e.kind) || stats::shrunk_weight(e, most_weight) == most_weight;
  switch (e.kind) {
    case Ope::snips:
      to.ratio = sum(Kind::weighted_reward);
      to.denominator = sum(Kind::weight);
      return;
    case Ope::replay:
      to.ratio = sum(Kind::ratio);
      to.denominator = sum(Kind::accepted);
      return;
    case Ope::sndr:
      to.mean = sum(Kind::value);
      to.ratio = sum(Kind::weighted_residual);
      to.denominator = sum(Kind::weight);
      return;
    case Ope::dm:
      to.mean = sum(Kind::value);
      return;
    case Ope::ips:
    case Ope::cips:
    case Ope::sg_ips:
      to.mean = sum(is_whole ? Kind::weighted_reward : Kind::mean);
      return;
    case Ope::mrdr:
    case Ope::logged:
      to.mean = sum(Kind::mean);
      return;
    default:
      to.mean = sum(is_whole ? Kind::value : Kind::mean);
      if (is_whole) to.other_mean = sum(Kind::weighted_residual);
  }
}

void WeightSums::add(const double* weight, const double* reward, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    const double w = weight[i], wr = w * reward[i];
    sum += w;
    squares += w * w;
    most = std::max(most, w);
    rewarded += std::abs(wr);
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
      sums_(blocks, plan.sums.size() + 1),
      moments_(plan.columns.size()),
      weights_(plan.targets),
      terms_(plan.sums.size()) {}

void Tally::compute(const SumOf& what, const stats::OpeRows& rows, std::vector<double>& out) const {
  out.resize(rows.count);
  const auto product = [&](const double* factor) {
    for (std::size_t i = 0; i < rows.count; ++i) out[i] = rows.weight[i] * factor[i];
  };
  switch (what.kind) {
    case SumOf::Kind::weight:
      std::copy(rows.weight, rows.weight + rows.count, out.begin());
      return;
    case SumOf::Kind::accepted:
      std::copy(rows.accepted, rows.accepted + rows.count, out.begin());
      return;
    case SumOf::Kind::value:
      std::copy(rows.value, rows.value + rows.count, out.begin());
      return;
    case SumOf::Kind::weighted_reward:
      return product(rows.reward);
    case SumOf::Kind::weighted_residual:
      return product(rows.residual);
    case SumOf::Kind::mean:
      mean_terms(what.estimator, rows, out.data());
      return;
    case SumOf::Kind::ratio:
      ratio_terms(what.estimator, rows, out.data());
      return;
  }
}

void Tally::add(const Rows& rows) {
  const std::size_t count = rows.by_target.front()->count;
  if (count == 0) return;
  by_rows_ = by_rows_ && rows.block.empty();
  const auto put = [&](std::size_t column, const std::vector<double>& values) {
    const std::span<const double> span(values.data(), count);
    if (rows.block.empty())
      sums_.add_rows(column, rows.first, span);
    else
      sums_.add_to(column, rows.block, span);
  };
  mean_.assign(count, 1);
  put(0, mean_);
  for (std::size_t t = 0; t < plan_->targets; ++t)
    weights_[t].add(rows.by_target[t]->weight, rows.by_target[t]->reward, count);
  for (std::size_t s = 0; s < plan_->sums.size(); ++s) {
    compute(plan_->sums[s], *rows.by_target[plan_->sums[s].target], terms_[s]);
    put(s + 1, terms_[s]);
  }
  for (std::size_t c = 0; c < plan_->columns.size(); ++c) add_moments(c, count);
}

void Tally::add_moments(std::size_t column, std::size_t count) {
  const stats::Estimand& e = plan_->columns[column].estimand;
  const auto terms = [&](int sum) -> const double* {
    return sum == Estimand::kNone ? nullptr : terms_[static_cast<std::size_t>(sum) - 1].data();
  };
  const double* mean = terms(e.mean);
  if (const double* const other = terms(e.other_mean)) {
    mean_.resize(count);
    for (std::size_t i = 0; i < count; ++i) mean_[i] = mean[i] + other[i];
    mean = mean_.data();
  }
  moments_[column].add(mean, terms(e.ratio), terms(e.denominator), count);
}

void Tally::add(const Tally& other) {
  sums_.add(other.sums_);
  for (std::size_t c = 0; c < moments_.size(); ++c) moments_[c].add(other.moments_[c]);
  for (std::size_t t = 0; t < weights_.size(); ++t) weights_[t].add(other.weights_[t]);
  by_rows_ = by_rows_ && other.by_rows_;
}

}  // namespace autopilot::evaluate
