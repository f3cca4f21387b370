#pragma once
// One bandit at play: it chooses, and learns when rewards arrive.

#include <cstdint>
#include <deque>
#include <vector>

#include "core/stats/bandit_memory.h"
#include "core/stats/bandit_random.h"
#include "core/stats/bandit_simulate.h"

namespace autopilot::stats {

class BanditPlayer {
 public:
  // REQUIRES that both outlive it.
  BanditPlayer(const Simulation& rules, std::size_t arms, SeededDraws& draws);

  std::size_t choose();
  // Of the arm just chosen; taken into account once its delay is over and the next look is due.
  void learn(std::size_t arm, double reward);

 private:
  struct Arrival {
    std::int64_t due;
    std::size_t arm;
    double reward;
  };

  void look();
  double draw_of(std::size_t arm);
  std::size_t best_draw();
  std::size_t top_two();

  const Simulation& rules_;
  SeededDraws& draws_;
  ArmMemory known_;
  std::vector<ArmRewards> ahead_;  // with what the plays since the last look are expected to earn
  std::deque<Arrival> waiting_;
  std::int64_t round_ = 0, next_look_ = 0;
};

}  // namespace autopilot::stats
