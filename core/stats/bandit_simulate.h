#pragma once
// Bandits played against arms whose means are known: what a method costs in a setting before it is
// trusted with traffic, and how this implementation compares with published figures.

#include <cstdint>
#include <vector>

#include "core/stats/bandit.h"

namespace autopilot::stats {

// Means that hold from a round on, counted from 0.
struct Phase {
  std::int64_t from = 0;
  std::vector<double> means;
};

struct Simulation {
  Bandit method = Bandit::thompson;
  BanditSettings settings;

  std::vector<Phase> phases;               // by `from`, the first from 0; the same number of arms
  double noise = 0;                        // rewards are normal with it; 0: they are 0 or 1
  std::vector<std::vector<double>> pools;  // by arm: rewards to draw from, instead of both

  std::int64_t horizon = 10000, runs = 1000;
  std::uint64_t seed = 1;
  std::vector<std::int64_t> checkpoints;  // rounds after which the regret is told; ascending

  std::int64_t batch = 1;   // rounds between looks at the rewards, at most
  double growth = 0;        // looks come after so much more of all rounds so far; 0: each `batch`
  std::int64_t delay = 0;   // rounds until a reward is known
  double discount = 1;      // of all that is known, with each reward
  std::int64_t window = 0;  // rewards that are remembered; 0: all
  double floor = 0;         // of the rounds that each arm gets whatever is known
  unsigned threads = 2;
};

// Over the runs, after so many rounds. Pseudo-regret: the sum of the best mean less that of the arm
// played.
struct Regret {
  std::int64_t rounds = 0;
  double mean = 0, standard_error = 0;
  double median = 0, p95 = 0;
};

struct SimulationResult {
  std::vector<Regret> regret;  // by checkpoint
  std::vector<double> share;   // of the rounds that each arm was played
};

// REQUIRES arms, horizon and runs above 0, checkpoints within the horizon. The same for a seed
// whatever `threads`.
SimulationResult simulate_bandit(const Simulation& simulation);

// The constant of the regret that no consistent method goes below in the long run, C ln T (Lai and
// Robbins, 1985), for rewards of 0 and 1.
double lai_robbins_constant(const std::vector<double>& means);

}  // namespace autopilot::stats
