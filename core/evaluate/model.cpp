#include "core/evaluate/model.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/base/error.h"
#include "core/evaluate/model_linear.h"

namespace autopilot::evaluate {
namespace {

using events::Batch;
using events::RowStore;

// (rewards + c * mean) / (rows + c) of each cell.
class TabularModel final : public RewardModel {
 public:
  TabularModel(const Log& log, const ModelSpec& spec, const Target* mrdr, const BlockCounts* counts)
      : log_(log), folds_(std::max<std::size_t>(1, spec.folds)) {
    const Sums sums = count(mrdr, counts);
    for (std::size_t f = 0; f < folds_; ++f) tables_.push_back(fitted(sums, f, spec.prior_rows));
  }

  std::string name() const override { return "tabular"; }
  std::size_t folds() const override { return folds_; }
  const std::vector<double>* table(std::size_t fold) const override { return &tables_[fold]; }
  void all(const Batch& batch, std::size_t row, std::size_t fold, double* reward,
           FeatureBuffer&) const override {
    const std::size_t k = log_.position_of(batch, row), positions = log_.positions();
    for (std::size_t a = 0; a < log_.actions(); ++a) reward[a] = tables_[fold][a * positions + k];
  }

 private:
  struct Sums {
    std::vector<double> weight, reward;  // by fold, then cell
    double rows = 0, weights = 0;
  };

  Sums count(const Target* mrdr, const BlockCounts* counts) const {
    std::array<Sums, RowStore::kParts> parts;
    log_.rows->for_each([&](std::size_t part, const Batch& batch) {
      Sums& sums = parts[part];
      sums.weight.resize(folds_ * log_.cells());
      sums.reward.resize(folds_ * log_.cells());
      const double* const reward = batch.columns[log_.reward].numbers.data();
      for (std::size_t i = 0; i < batch.rows; ++i) {
        const std::size_t at =
            log_.fold_of(batch, i, folds_) * log_.cells() + log_.cell_of(batch, i);
        double weight = mrdr != nullptr ? mrdr_weight(log_, *mrdr, batch, i) : 1;
        if (counts != nullptr) weight *= drawn_times(log_, *counts, batch, i);
        sums.weight[at] += weight;
        sums.reward[at] += weight * reward[i];
        sums.weights += weight;
      }
      sums.rows += static_cast<double>(batch.rows);
    });
    Sums out = std::move(parts[0]);
    for (std::size_t p = 1; p < parts.size(); ++p) {
      if (parts[p].weight.empty()) continue;
      for (std::size_t i = 0; i < out.weight.size(); ++i) {
        out.weight[i] += parts[p].weight[i];
        out.reward[i] += parts[p].reward[i];
      }
      out.rows += parts[p].rows;
      out.weights += parts[p].weights;
    }
    return out;
  }

  // From all folds but the one; with a single fold, from that. Weights are taken relative to their
  // mean, so that the prior weighs as many rows whatever their scale.
  std::vector<double> fitted(const Sums& sums, std::size_t fold, double prior_rows) const {
    const std::size_t cells = log_.cells();
    std::vector<double> weight(cells), reward(cells);
    double all_weight = 0, all_reward = 0;
    for (std::size_t f = 0; f < folds_; ++f) {
      if (folds_ > 1 && f == fold) continue;
      for (std::size_t c = 0; c < cells; ++c) {
        weight[c] += sums.weight[f * cells + c];
        reward[c] += sums.reward[f * cells + c];
      }
    }
    for (std::size_t c = 0; c < cells; ++c) all_weight += weight[c], all_reward += reward[c];
    const double mean = all_weight > 0 ? all_reward / all_weight : 0;
    const double prior = prior_rows * (sums.weights > 0 ? sums.weights / sums.rows : 1);
    std::vector<double> out(cells);
    for (std::size_t c = 0; c < cells; ++c)
      out[c] = weight[c] + prior > 0 ? (reward[c] + prior * mean) / (weight[c] + prior) : mean;
    return out;
  }

  const Log& log_;
  std::size_t folds_;
  std::vector<std::vector<double>> tables_;  // by fold, then cell
};

// Predictions that stand in the log: made elsewhere, from other data.
class ColumnsModel final : public RewardModel {
 public:
  ColumnsModel(const Log& log, const std::string& prefix)
      : prefix_(prefix), column_(columns_by_action(log, prefix)) {}
  std::string name() const override { return "columns " + prefix_ + "*"; }
  std::size_t folds() const override { return 1; }
  void all(const Batch& batch, std::size_t row, std::size_t, double* reward,
           FeatureBuffer&) const override {
    for (std::size_t a = 0; a < column_.size(); ++a)
      reward[a] = batch.columns[column_[a]].numbers[row];
  }

 private:
  std::string prefix_;
  std::vector<std::size_t> column_;
};

}  // namespace

// w / p: that of a row's squared residual in the variance of DR, up to terms of the target alone.
double mrdr_weight(const Log& log, const Target& target, const Batch& batch, std::size_t row) {
  const double p = log.propensity_of(batch, row);
  return target.logged(batch, row) / (p * p);
}

ModelSpec::Kind chosen_kind(const Log& log, const ModelSpec& spec) {
  if (spec.kind != ModelSpec::Kind::automatic) return spec.kind;
  return log.context.empty() ? ModelSpec::Kind::tabular : ModelSpec::Kind::ridge;
}

double drawn_times(const Log& log, const BlockCounts& counts, const Batch& batch, std::size_t row) {
  return counts[log.block_of(batch, row, counts.size())];
}

std::unique_ptr<RewardModel> fit_model(const Log& log, const ModelSpec& spec, const Target* mrdr,
                                       const BlockCounts* counts) {
  switch (chosen_kind(log, spec)) {
    case ModelSpec::Kind::columns:
      return std::make_unique<ColumnsModel>(log, spec.prefix);
    case ModelSpec::Kind::ridge:
    case ModelSpec::Kind::logistic:
      return fit_linear_model(log, spec, mrdr, counts);
    default:
      return std::make_unique<TabularModel>(log, spec, mrdr, counts);
  }
}

}  // namespace autopilot::evaluate
