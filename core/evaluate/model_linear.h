#pragma once
// Reward models that are linear in hashed features of the context, one for each action: ridge
// regression and logistic regression.

#include <cstdint>
#include <memory>
#include <vector>

#include "core/evaluate/model.h"
#include "core/stats/ridge.h"

namespace autopilot::evaluate {

// The features of a row: an intercept, numbers by their distance from the mean in standard
// deviations, texts and positions as ones in places of their own, or in hashed ones when there are
// many.
class Features {
 public:
  explicit Features(const Log& log);

  std::size_t size() const { return size_; }
  // Valid until the buffer's next use.
  stats::SparseRow of(const events::Batch& batch, std::size_t row, FeatureBuffer& buffer) const;

 private:
  struct Source {
    std::size_t column = 0;
    std::uint32_t number = 0;  // the feature of its number
    std::uint32_t text = 0;    // the first feature of its texts
    std::uint32_t texts = 0;   // how many there are
    double mean = 0, scale = 1;
    bool has_numbers = false;
  };
  void measure();
  void lay_out();

  const Log& log_;
  std::vector<Source> sources_;
  std::uint32_t position_ = 0;  // the first feature of positions
  std::size_t size_ = 1;
};

std::unique_ptr<RewardModel> fit_linear_model(const Log& log, const ModelSpec& spec,
                                              const Target* mrdr, const BlockCounts* counts);

double drawn_times(const Log& log, const BlockCounts& counts, const events::Batch& batch,
                   std::size_t row);
double mrdr_weight(const Log& log, const Target& target, const events::Batch& batch,
                   std::size_t row);

}  // namespace autopilot::evaluate
