#include "core/evaluate/algorithm.h"

#include <algorithm>
#include <memory>

#include "core/evaluate/algorithm_player.h"
#include "core/stats/bandit_random.h"

namespace autopilot::evaluate {
namespace {

// Its place among the seeds of a backtest.
constexpr std::uint64_t kPlayStream = 0x706c6179;

double least_propensity(const Log& log) {
  double out = 1;
  log.rows->for_each_in_order([&](const events::Batch& batch) {
    for (std::size_t i = 0; i < batch.rows; ++i) out = std::min(out, log.propensity_of(batch, i));
  });
  return out;
}

// Rewards within [0, 1]: as they are, or scaled from the range that the log shows.
struct RewardScale {
  explicit RewardScale(const Log& log) {
    if (log.least_reward >= 0 && log.most_reward <= 1) return;
    least = log.least_reward;
    width = std::max(1e-300, log.most_reward - log.least_reward);
  }
  double of(double reward) const { return (reward - least) / width; }
  double least = 0, width = 1;
};

}  // namespace

AlgorithmTarget::AlgorithmTarget(Log& log, const AlgorithmSpec& spec, std::uint64_t seed)
    : name_("algorithm " + spec.text), played_column_(log.played), kept_column_(log.kept) {
  played_.least_propensity = least_propensity(log);
  played_.kept_by_action.resize(log.actions());
  played_.actions = log.labels[log.action].texts();
  const std::unique_ptr<AlgorithmPlayer> player = make_player(log, spec);
  const RewardScale scale(log);
  stats::SeededDraws draws(seed, kPlayStream);
  log.rows->rewrite([&](events::Batch& batch) {
    for (std::size_t i = 0; i < batch.rows; ++i) {
      const std::size_t action = log.action_of(batch, i);
      const double p = player->probability(batch, i, action);
      const double share = p * played_.least_propensity / log.propensity_of(batch, i);
      const bool is_kept = draws.uniform() < share;
      batch.columns[played_column_].numbers[i] = p;
      batch.columns[kept_column_].numbers[i] = is_kept ? 1 : 0;
      if (!is_kept) continue;
      const double reward = batch.columns[log.reward].numbers[i];
      played_.kept += 1;
      played_.kept_by_action[action] += 1;
      played_.reward_kept += reward;
      player->learn(batch, i, action, scale.of(reward));
    }
    played_.rows += static_cast<double>(batch.rows);
  });
  played_.last_shares = player->shares();
}

}  // namespace autopilot::evaluate
