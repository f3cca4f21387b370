#include "core/evaluate/terms.h"

#include <algorithm>

#include "core/base/mix.h"

namespace autopilot::evaluate {
namespace {

using events::Batch;

// A number in [0, 1) that depends on the row alone.
double row_uniform(std::uint64_t seed, std::uint64_t ordinal) {
  return static_cast<double>(mixed(seed + (ordinal + 1) * kMixStep) >> 11) * 0x1p-53;
}

}  // namespace

void weights_of(const Log& log, const Target& target, const Batch& batch, double* weight) {
  const BatchPropensities propensity(log, batch);
  if (const std::vector<double>* const table = target.table()) {
    const BatchCells cell(log, batch);
    const double* const chosen = table->data();
    for (std::size_t i = 0; i < batch.rows; ++i) weight[i] = chosen[cell[i]] / propensity[i];
    return;
  }
  for (std::size_t i = 0; i < batch.rows; ++i) weight[i] = target.logged(batch, i) / propensity[i];
}

RowTerms::RowTerms(const TermsSource& source) : source_(source) {
  prepare(source_.model, model_);
  prepare(source_.mrdr, mrdr_);
  probability_.resize(source_.log->actions());
  reward_.resize(source_.log->actions());
}

// With tables for both, the mean under the target is one number for each fold and position.
void RowTerms::prepare(const RewardModel* model, Prediction& to) const {
  const std::vector<double>* const target = source_.target->table();
  if (model == nullptr || target == nullptr || model->table(0) == nullptr) return;
  const std::size_t positions = source_.log->positions();
  for (std::size_t f = 0; f < model->folds(); ++f) {
    std::vector<double> value(positions);
    for (std::size_t c = 0; c < target->size(); ++c)
      value[c % positions] += (*target)[c] * (*model->table(f))[c];
    to.value_of.push_back(std::move(value));
  }
}

void RowTerms::predict(const Batch& batch, const RewardModel* model, Prediction& to) {
  if (model == nullptr) return;
  to.value.resize(batch.rows);
  to.residual.resize(batch.rows);
  if (!to.value_of.empty())
    predict_from_tables(batch, *model, to);
  else
    predict_rows(batch, *model, to);
}

void RowTerms::predict_from_tables(const Batch& batch, const RewardModel& model, Prediction& to) {
  const Log& log = *source_.log;
  const double* const reward = batch.columns[log.reward].numbers.data();
  const std::size_t positions = log.positions();
  const BatchCells cells(log, batch);
  for (std::size_t i = 0; i < batch.rows; ++i) {
    const std::size_t fold = log.fold_of(batch, i, model.folds());
    const std::size_t cell = cells[i];
    to.value[i] = to.value_of[fold][cell % positions];
    to.residual[i] = reward[i] - (*model.table(fold))[cell];
  }
}

void RowTerms::predict_rows(const Batch& batch, const RewardModel& model, Prediction& to) {
  const Log& log = *source_.log;
  const double* const reward = batch.columns[log.reward].numbers.data();
  for (std::size_t i = 0; i < batch.rows; ++i) {
    model.all(batch, i, log.fold_of(batch, i, model.folds()), reward_.data(), buffer_);
    source_.target->all(batch, i, probability_.data());
    double value = 0;
    for (std::size_t a = 0; a < reward_.size(); ++a) value += probability_[a] * reward_[a];
    to.value[i] = value;
    to.residual[i] = reward[i] - reward_[log.action_of(batch, i)];
  }
}

void RowTerms::replay(const Batch& batch) {
  accepted_.resize(batch.rows);
  if (const double* const kept = source_.target->kept(batch)) {
    std::copy(kept, kept + batch.rows, accepted_.begin());
    return;
  }
  for (std::size_t i = 0; i < batch.rows; ++i) {
    const double share = weight_[i] / source_.most_weight;
    accepted_[i] = row_uniform(source_.seed, batch.first + i) < share ? 1 : 0;
  }
}

const stats::OpeRows& RowTerms::compute(const Batch& batch) {
  const Log& log = *source_.log;
  weight_.resize(batch.rows);
  weights_of(log, *source_.target, batch, weight_.data());
  predict(batch, source_.model, model_);
  predict(batch, source_.mrdr, mrdr_);
  if (source_.with_replay) replay(batch);
  rows_ = {batch.rows,
           weight_.data(),
           batch.columns[log.reward].numbers.data(),
           model_.value.data(),
           model_.residual.data(),
           mrdr_.value.data(),
           mrdr_.residual.data(),
           accepted_.data()};
  return rows_;
}

}  // namespace autopilot::evaluate
