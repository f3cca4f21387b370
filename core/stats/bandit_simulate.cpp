#include "core/stats/bandit_simulate.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <thread>

#include "core/stats/bandit_player.h"
#include "core/stats/sample.h"

namespace autopilot::stats {
namespace {

// What one run gives.
struct Run {
  std::vector<double> regret;  // by checkpoint
  std::vector<std::int64_t> plays;
};

class Game {
 public:
  Game(const Simulation& rules, std::uint64_t number)
      : rules_(rules),
        draws_(rules.seed, number),
        order_(rules.phases.front().means.size()),
        player_(rules, order_.size(), draws_) {
    // Ties go to the lowest number: which arm has it is left to chance.
    std::iota(order_.begin(), order_.end(), std::size_t{0});
    for (std::size_t i = order_.size(); i > 1; --i) {
      std::swap(order_[i - 1], order_[draws_.below(i)]);
    }
  }

  Run play() {
    Run out;
    out.plays.assign(order_.size(), 0);
    double regret = 0;
    std::size_t phase = 0, checkpoint = 0;
    double best = best_of(phase);
    for (std::int64_t t = 0; t < rules_.horizon; ++t) {
      if (phase + 1 < rules_.phases.size() && t >= rules_.phases[phase + 1].from) {
        best = best_of(++phase);
      }
      const std::size_t chosen = player_.choose();
      const std::size_t arm = order_[chosen];
      player_.learn(chosen, reward(phase, arm));
      ++out.plays[arm];
      regret += best - rules_.phases[phase].means[arm];
      if (checkpoint < rules_.checkpoints.size() && t + 1 == rules_.checkpoints[checkpoint]) {
        out.regret.push_back(regret);
        ++checkpoint;
      }
    }
    return out;
  }

 private:
  double best_of(std::size_t phase) const {
    const std::vector<double>& means = rules_.phases[phase].means;
    return *std::max_element(means.begin(), means.end());
  }

  double reward(std::size_t phase, std::size_t arm) {
    if (!rules_.pools.empty()) {
      const std::vector<double>& pool = rules_.pools[arm];
      return pool[draws_.below(pool.size())];
    }
    const double mean = rules_.phases[phase].means[arm];
    if (rules_.noise > 0) return mean + rules_.noise * draws_.normal();
    return draws_.uniform() < mean ? 1 : 0;
  }

  const Simulation& rules_;
  SeededDraws draws_;
  std::vector<std::size_t> order_;  // which arm the player's numbers mean
  BanditPlayer player_;
};

std::vector<Run> play_all(const Simulation& rules) {
  const auto count = static_cast<std::size_t>(rules.runs);
  std::vector<Run> runs(count);
  const std::size_t threads = std::clamp<std::size_t>(rules.threads, 1, count);
  const auto some = [&](std::size_t first) {
    for (std::size_t i = first; i < count; i += threads) runs[i] = Game(rules, i).play();
  };
  std::vector<std::thread> helpers;
  for (std::size_t i = 1; i < threads; ++i) helpers.emplace_back(some, i);
  some(0);
  for (std::thread& helper : helpers) helper.join();
  return runs;
}

}  // namespace

SimulationResult simulate_bandit(const Simulation& simulation) {
  const std::vector<Run> runs = play_all(simulation);
  SimulationResult out;
  for (std::size_t c = 0; c < simulation.checkpoints.size(); ++c) {
    std::vector<double> values;
    for (const Run& run : runs) values.push_back(run.regret[c]);
    const double error = std::sqrt(variance(values) / static_cast<double>(values.size()));
    out.regret.push_back({simulation.checkpoints[c], mean(values), error, percentile(values, 50),
                          percentile(values, 95)});
  }
  out.share.assign(simulation.phases.front().means.size(), 0.0);
  const double rounds =
      static_cast<double>(simulation.horizon) * static_cast<double>(simulation.runs);
  for (const Run& run : runs) {
    for (std::size_t j = 0; j < out.share.size(); ++j) {
      out.share[j] += static_cast<double>(run.plays[j]) / rounds;
    }
  }
  return out;
}

double lai_robbins_constant(const std::vector<double>& means) {
  const double best = *std::max_element(means.begin(), means.end());
  double sum = 0;
  for (const double mean : means) {
    if (mean < best) sum += (best - mean) / bernoulli_kl(mean, best);
  }
  return sum;
}

}  // namespace autopilot::stats
