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

constexpr std::size_t kMostNumbers = 1 << 23;  // of all distributions: 64 MiB

}  // namespace

// Notes each distribution that the player has, once.
class AlgorithmTarget::Distributions {
 public:
  Distributions(std::size_t actions, std::vector<double>& all) : actions_(actions), all_(all) {
    all_.assign(actions * actions, 0);
    for (std::size_t a = 0; a < actions; ++a) all_[a * actions + a] = 1;
  }

  // The number of the one that it had for the row that was asked about last.
  std::size_t of(const AlgorithmPlayer& player) {
    if (const auto action = player.certain()) return *action;
    if (player.looks() != looks_ && has_room()) {
      const std::vector<double> shares = player.shares();
      all_.insert(all_.end(), shares.begin(), shares.end());
      looks_ = player.looks();
    }
    return all_.size() / actions_ - 1;
  }
  bool has_room() const { return all_.size() + actions_ <= kMostNumbers; }

 private:
  std::size_t actions_;
  std::vector<double>& all_;
  std::size_t looks_ = 0;  // when it was asked last; the first look is 1
};

AlgorithmTarget::AlgorithmTarget(Log& log, const AlgorithmSpec& spec, std::uint64_t seed)
    : name_("algorithm " + spec.text),
      played_column_(log.played),
      kept_column_(log.kept),
      look_column_(log.look),
      actions_(log.actions()) {
  played_.least_propensity = least_propensity(log);
  played_.kept_by_action.resize(log.actions());
  played_.actions = log.labels[log.action].texts();
  const std::unique_ptr<AlgorithmPlayer> player = make_player(log, spec);
  const RewardScale scale(log);
  stats::SeededDraws draws(seed, kPlayStream);
  Distributions distributions(actions_, distributions_);
  log.rows->rewrite([&](events::Batch& batch) {
    for (std::size_t i = 0; i < batch.rows; ++i) {
      const std::size_t action = log.action_of(batch, i);
      const double p = player->probability(batch, i, action);
      const double share = p * played_.least_propensity / log.propensity_of(batch, i);
      const bool is_kept = draws.uniform() < share;
      batch.columns[played_column_].numbers[i] = p;
      batch.columns[kept_column_].numbers[i] = is_kept ? 1 : 0;
      batch.columns[look_column_].numbers[i] = static_cast<double>(distributions.of(*player));
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
  knows_all_ = distributions.has_room();
}

void AlgorithmTarget::all(const events::Batch& batch, std::size_t row, double* probability) const {
  const auto look = static_cast<std::size_t>(batch.columns[look_column_].numbers[row]);
  std::copy_n(distributions_.data() + look * actions_, actions_, probability);
}

}  // namespace autopilot::evaluate
