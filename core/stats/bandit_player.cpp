#include "core/stats/bandit_player.h"

#include <algorithm>
#include <cmath>

namespace autopilot::stats {
namespace {

// A runner-up that is not drawn in so many attempts is the second of the last.
constexpr int kMostRedraws = 200;

double total(const std::vector<ArmRewards>& arms) {
  double sum = 0;
  for (const ArmRewards& arm : arms) sum += arm.count;
  return sum;
}

}  // namespace

BanditPlayer::BanditPlayer(const Simulation& rules, std::size_t arms, SeededDraws& draws)
    : rules_(rules), draws_(draws), known_(arms, rules.discount, rules.window), ahead_(arms) {}

std::size_t BanditPlayer::choose() {
  if (round_ >= next_look_) look();
  const double even = rules_.floor * static_cast<double>(ahead_.size());
  if (even > 0 && draws_.uniform() < even) return draws_.below(ahead_.size());
  if (rules_.method == Bandit::top_two) return top_two();
  if (is_bayesian(rules_.method)) return best_draw();
  return index_choice(rules_.method, ahead_, total(ahead_));
}

void BanditPlayer::learn(std::size_t arm, double reward) {
  ++round_;
  if (!is_bayesian(rules_.method)) {
    const BanditSettings& prior = rules_.settings;
    const ArmRewards& known = known_.arms()[arm];
    ahead_[arm].add(
        std::clamp((prior.alpha + known.sum) / (prior.alpha + prior.beta + known.count), 0.0, 1.0));
  }
  waiting_.push_back({round_ + rules_.delay, arm, reward});
}

void BanditPlayer::look() {
  while (!waiting_.empty() && waiting_.front().due <= round_) {
    known_.add(waiting_.front().arm, waiting_.front().reward);
    waiting_.pop_front();
  }
  const auto more = static_cast<std::int64_t>(rules_.growth * static_cast<double>(round_));
  next_look_ =
      round_ + (rules_.growth > 0 ? std::clamp<std::int64_t>(more, 1, rules_.batch) : rules_.batch);
  if (is_bayesian(rules_.method)) return;
  ahead_ = known_.arms();
  for (const Arrival& late : waiting_) ahead_[late.arm].add(known_.arms()[late.arm].mean());
}

double BanditPlayer::draw_of(std::size_t arm) {
  const ArmRewards& known = known_.arms()[arm];
  if (rules_.method != Bandit::gaussian) {
    const double won = std::clamp(known.sum, 0.0, known.count);
    return draws_.beta(rules_.settings.alpha + won, rules_.settings.beta + known.count - won);
  }
  if (known.count <= 0) return 1e300;  // nothing is believed of it yet: it comes first
  return known.mean() + draws_.normal() * rules_.settings.noise / std::sqrt(known.count);
}

std::size_t BanditPlayer::best_draw() {
  std::size_t best = 0;
  double most = -1e308;
  for (std::size_t j = 0; j < ahead_.size(); ++j) {
    const double value = draw_of(j);
    if (value <= most) continue;
    most = value;
    best = j;
  }
  return best;
}

std::size_t BanditPlayer::top_two() {
  const std::size_t leader = best_draw();
  if (ahead_.size() == 1 || draws_.uniform() < rules_.settings.leader_share) return leader;
  for (int attempt = 0; attempt < kMostRedraws; ++attempt) {
    const std::size_t other = best_draw();
    if (other != leader) return other;
  }
  std::size_t second = leader == 0 ? 1 : 0;
  double most = -1;
  for (std::size_t j = 0; j < ahead_.size(); ++j) {
    const double value = j == leader ? -1 : draw_of(j);
    if (value <= most) continue;
    most = value;
    second = j;
  }
  return second;
}

}  // namespace autopilot::stats
