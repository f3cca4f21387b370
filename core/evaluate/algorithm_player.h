#pragma once
// Algorithms at play along a log: how probable they make an action now, and what they learn.

#include <memory>
#include <optional>
#include <vector>

#include "core/evaluate/algorithm.h"

namespace autopilot::evaluate {

class AlgorithmPlayer {
 public:
  virtual ~AlgorithmPlayer() = default;
  virtual double probability(const events::Batch& batch, std::size_t row, std::size_t action) = 0;
  // The reward is scaled to [0, 1].
  virtual void learn(const events::Batch& batch, std::size_t row, std::size_t action,
                     double reward) = 0;
  // The action that it is certain to take in the row that was asked about last, if there is one.
  virtual std::optional<std::size_t> certain() const = 0;
  // Of all actions now; empty when they depend on the row.
  virtual std::vector<double> shares() const = 0;
  // How often these have changed.
  virtual std::size_t looks() const = 0;
};

// Of equals, the action comes first whose name does: by number where all are numbers, else by text.
std::unique_ptr<AlgorithmPlayer> make_player(const Log& log, const AlgorithmSpec& spec);

}  // namespace autopilot::evaluate
