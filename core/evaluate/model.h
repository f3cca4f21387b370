#pragma once
// What reward an action would have brought, predicted from the log: the nuisance model of DM and
// DR. Fitted by cross-fitting (Chernozhukov et al. 2018): no row is predicted by a model that has
// seen it.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/evaluate/log.h"
#include "core/evaluate/target.h"

namespace autopilot::evaluate {

// How often each block of rows was drawn into a resample (Log::block_of).
using BlockCounts = std::vector<std::uint16_t>;

struct ModelSpec {
  enum class Kind { automatic, tabular, ridge, logistic, columns };
  Kind kind = Kind::automatic;
  std::string prefix;      // of columns
  std::size_t folds = 5;   // 1: fitted on all rows, for all rows
  double prior_rows = 10;  // tabular: so many rows of the mean reward are added to each cell
  double penalty = 1;      // ridge, logistic
};

// Room for the features of a row, from one to the next: one for each thread.
struct FeatureBuffer {
  std::vector<std::uint32_t> index;
  std::vector<double> value;
};

class RewardModel {
 public:
  virtual ~RewardModel() = default;
  virtual std::string name() const = 0;
  virtual std::size_t folds() const = 0;
  // By cell, for rows of that fold, when no row's context matters; else null.
  virtual const std::vector<double>* table(std::size_t) const { return nullptr; }
  // Of every action, for a row of that fold.
  virtual void all(const events::Batch& batch, std::size_t row, std::size_t fold, double* reward,
                   FeatureBuffer& buffer) const = 0;
};

// `counts`: of a resample that it is fitted on; null: the log itself. `mrdr`: fitted so that the
// variance of DR for this target is least, not the squared error; null: an ordinary fit.
std::unique_ptr<RewardModel> fit_model(const Log& log, const ModelSpec& spec, const Target* mrdr,
                                       const BlockCounts* counts = nullptr);

// What `automatic` means for a log.
ModelSpec::Kind chosen_kind(const Log& log, const ModelSpec& spec);

}  // namespace autopilot::evaluate
