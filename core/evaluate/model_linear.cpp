#include "core/evaluate/model_linear.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "core/base/error.h"

namespace autopilot::evaluate {
namespace {

using events::Batch;
using events::RowStore;
using stats::NormalEquations;

constexpr std::size_t kMostBytes = 256 << 20;  // of all normal equations
constexpr int kNewtonSteps = 8;
constexpr double kLeastVariance = 1e-4;  // of a predicted share: keeps Newton's steps bounded

using Coefficients = std::vector<std::vector<double>>;  // by fold * actions + action

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

class LinearModel final : public RewardModel {
 public:
  LinearModel(const Log& log, const ModelSpec& spec, const Target* mrdr, const BlockCounts* counts)
      : log_(log),
        folds_(std::max<std::size_t>(1, spec.folds)),
        is_logistic_(chosen_kind(log, spec) == ModelSpec::Kind::logistic),
        features_(log),
        mrdr_(mrdr),
        counts_(counts) {
    check_size();
    if (is_logistic_ && (log.least_reward < 0 || log.most_reward > 1))
      throw Error(
          ErrorKind::invalid,
          fmt::format("logistic regression takes rewards from 0 to 1; they go from {} to {}",
                      log.least_reward, log.most_reward),
          "--model ridge takes any");
    if (mrdr_ != nullptr) unit_weight_ = weight_of_effective_row();
    coefficients_.assign(folds_ * log.actions(), std::vector<double>(features_.size()));
    const int steps = is_logistic_ ? kNewtonSteps : 1;
    for (int step = 0; step < steps; ++step) solve(sums(), spec.penalty);
  }

  std::string name() const override { return is_logistic_ ? "logistic" : "ridge"; }
  std::size_t folds() const override { return folds_; }

  void all(const Batch& batch, std::size_t row, std::size_t fold, double* reward,
           FeatureBuffer& buffer) const override {
    const stats::SparseRow x = features_.of(batch, row, buffer);
    for (std::size_t a = 0; a < log_.actions(); ++a)
      reward[a] = predicted(dot(x, coefficients_[fold * log_.actions() + a]));
  }

 private:
  // Weights are taken relative to sum w^2 / sum w, so that they sum up to the rows that they are
  // worth (Kish): the penalty holds its own against coefficients as noisy as those of so many rows.
  double weight_of_effective_row() const {
    struct Sums {
      double weights = 0, squares = 0;
    };
    std::array<Sums, RowStore::kParts> parts;
    log_.rows->for_each([&](std::size_t part, const Batch& batch) {
      for (std::size_t i = 0; i < batch.rows; ++i) {
        const double weight = mrdr_weight(log_, *mrdr_, batch, i);
        parts[part].weights += weight;
        parts[part].squares += weight * weight;
      }
    });
    Sums all;
    for (const Sums& part : parts) all.weights += part.weights, all.squares += part.squares;
    return all.weights > 0 ? all.squares / all.weights : 1;
  }

  // Rewards never seen are not predicted.
  double predicted(double linear) const {
    if (is_logistic_) return sigmoid(linear);
    return std::clamp(linear, log_.least_reward, log_.most_reward);
  }

  void check_size() const {
    const std::size_t d = features_.size();
    const std::size_t bytes =
        d * (d + 1) / 2 * sizeof(double) * log_.actions() * folds_ * RowStore::kParts;
    if (bytes <= kMostBytes) return;
    throw Error(ErrorKind::invalid,
                fmt::format("{} features for each of {} actions in {} folds are too many", d,
                            log_.actions(), folds_),
                "name fewer columns with --context, or use --model tabular");
  }

  // Ridge: by action and fold, the rows of that fold. Logistic: by action and fold, the weighted
  // rows that the model of that fold may see, linearised where it stands (iteratively reweighted
  // least squares).
  std::vector<NormalEquations> sums() {
    const std::size_t models = folds_ * log_.actions();
    std::array<std::vector<NormalEquations>, RowStore::kParts> parts;
    log_.rows->for_each([&](std::size_t part, const Batch& batch) {
      if (parts[part].empty()) parts[part].assign(models, NormalEquations(features_.size()));
      FeatureBuffer buffer;
      for (std::size_t i = 0; i < batch.rows; ++i)
        add(batch, i, features_.of(batch, i, buffer), parts[part]);
    });
    for (std::size_t p = 1; p < parts.size(); ++p) {
      for (std::size_t m = 0; m < parts[p].size(); ++m) parts[0][m].add(parts[p][m]);
    }
    return std::move(parts[0]);
  }

  void add(const Batch& batch, std::size_t row, const stats::SparseRow& x,
           std::vector<NormalEquations>& sums) const {
    const double r = batch.columns[log_.reward].numbers[row];
    double weight = mrdr_ != nullptr ? mrdr_weight(log_, *mrdr_, batch, row) / unit_weight_ : 1;
    if (counts_ != nullptr) weight *= drawn_times(log_, *counts_, batch, row);
    if (weight == 0) return;
    const std::size_t fold = log_.fold_of(batch, row, folds_), a = log_.action_of(batch, row);
    if (!is_logistic_) return sums[fold * log_.actions() + a].add(x, r, weight);
    for (std::size_t f = 0; f < folds_; ++f) {
      if (f == fold && folds_ > 1) continue;
      const std::size_t m = f * log_.actions() + a;
      const double linear = dot(x, coefficients_[m]), p = sigmoid(linear);
      const double variance = std::max(p * (1 - p), kLeastVariance);
      sums[m].add(x, linear + (r - p) / variance, weight * variance);
    }
  }

  void solve(const std::vector<NormalEquations>& sums, double penalty) {
    const double mean = log_.reward_sum / static_cast<double>(log_.rows->rows());
    const double otherwise =
        is_logistic_
            ? std::log(std::clamp(mean, 1e-6, 1 - 1e-6) / (1 - std::clamp(mean, 1e-6, 1 - 1e-6)))
            : mean;
    for (std::size_t a = 0; a < log_.actions(); ++a) {
      for (std::size_t f = 0; f < folds_; ++f) {
        const std::size_t m = f * log_.actions() + a;
        NormalEquations seen = sums[m];
        if (!is_logistic_ && folds_ > 1) {
          seen = NormalEquations(features_.size());
          for (std::size_t other = 0; other < folds_; ++other) {
            if (other != f) seen.add(sums[other * log_.actions() + a]);
          }
        }
        coefficients_[m] = seen.solve(penalty, otherwise);
      }
    }
  }

  const Log& log_;
  std::size_t folds_;
  bool is_logistic_;
  Features features_;
  const Target* mrdr_;
  const BlockCounts* counts_;
  double unit_weight_ = 1;
  Coefficients coefficients_;
};

}  // namespace

std::unique_ptr<RewardModel> fit_linear_model(const Log& log, const ModelSpec& spec,
                                              const Target* mrdr, const BlockCounts* counts) {
  return std::make_unique<LinearModel>(log, spec, mrdr, counts);
}

}  // namespace autopilot::evaluate
