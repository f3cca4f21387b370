#include "core/evaluate/algorithm_player.h"

#include <algorithm>
#include <numeric>

#include "core/base/error.h"
#include "core/evaluate/model_linear.h"
#include "core/events/row_builder.h"
#include "core/stats/bandit_linear.h"
#include "core/stats/bandit_memory.h"
#include "core/stats/bandit_shares.h"

namespace autopilot::evaluate {
namespace {

using events::Batch;

constexpr std::size_t kMostFeatures = 200;  // of LinUCB: it solves as many equations

// The place of each action among the arms.
std::vector<std::size_t> arms_of(const Log& log) {
  const std::vector<std::string>& names = log.labels[log.action].texts();
  std::vector<double> number(names.size());
  bool are_numbers = true;
  for (std::size_t a = 0; a < names.size(); ++a)
    are_numbers = events::parse_number(names[a], number[a]) && are_numbers;
  std::vector<std::size_t> order(names.size()), out(names.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return are_numbers ? number[a] < number[b] : names[a] < names[b];
  });
  for (std::size_t arm = 0; arm < order.size(); ++arm) out[order[arm]] = arm;
  return out;
}

class BanditAlongLog final : public AlgorithmPlayer {
 public:
  BanditAlongLog(const Log& log, const AlgorithmSpec& spec)
      : spec_(spec), arm_(arms_of(log)), memory_(arm_.size(), spec.discount, spec.window) {
    look();
    settle();
  }

  double probability(const Batch&, std::size_t, std::size_t action) override {
    return shares_[arm_[action]];
  }

  std::optional<std::size_t> certain() const override { return certain_; }
  std::size_t looks() const override { return looks_; }

  void learn(const Batch&, std::size_t, std::size_t action, double reward) override {
    memory_.add(arm_[action], reward);
    if (++learned_ < next_look_) return;
    look();
    settle();
  }

  std::vector<double> shares() const override {
    std::vector<double> out;
    for (const std::size_t arm : arm_) out.push_back(shares_[arm]);
    return out;
  }

 private:
  void look() {
    const auto more = static_cast<std::int64_t>(spec_.growth * static_cast<double>(learned_));
    const std::int64_t rounds =
        spec_.growth > 0 ? std::clamp<std::int64_t>(more, 1, spec_.batch) : spec_.batch;
    next_look_ = learned_ + rounds;
    if (*spec_.method == stats::Bandit::gaussian && try_unseen()) return;
    if (!stats::is_bayesian(*spec_.method) && rounds == 1) {
      double total = 0;
      for (const stats::ArmRewards& arm : memory_.arms()) total += arm.count;
      shares_.assign(arm_.size(), 0);
      shares_[stats::index_choice(*spec_.method, memory_.arms(), total)] = 1;
      return;
    }
    shares_ = stats::method_shares(*spec_.method, memory_.arms(), spec_.settings,
                                   static_cast<std::size_t>(rounds));
  }

  void settle() {
    ++looks_;
    certain_.reset();
    for (std::size_t action = 0; action < arm_.size(); ++action) {
      if (shares_[arm_[action]] == 1) certain_ = action;
    }
  }

  // Nothing is believed of an arm without rewards: those come first, alike.
  bool try_unseen() {
    std::size_t unseen = 0;
    for (const stats::ArmRewards& arm : memory_.arms()) unseen += arm.count <= 0;
    if (unseen == 0) return false;
    shares_.assign(arm_.size(), 0);
    for (std::size_t a = 0; a < shares_.size(); ++a) {
      if (memory_.arms()[a].count <= 0) shares_[a] = 1 / static_cast<double>(unseen);
    }
    return true;
  }

  AlgorithmSpec spec_;
  std::vector<std::size_t> arm_;  // by action
  stats::ArmMemory memory_;
  std::vector<double> shares_;  // by arm
  std::optional<std::size_t> certain_;
  std::size_t looks_ = 0;
  std::int64_t learned_ = 0, next_look_ = 0;
};

// Li et al., A Contextual-Bandit Approach to Personalized News Article Recommendation, WWW 2010.
class LinUcbAlongLog final : public AlgorithmPlayer {
 public:
  LinUcbAlongLog(const Log& log, const AlgorithmSpec& spec)
      : width_(spec.width), arm_(arms_of(log)), features_(log) {
    if (log.context.empty())
      throw Error(ErrorKind::usage, "linucb learns from a context, and there is none",
                  "name its columns: --context device,age");
    if (features_.size() > kMostFeatures)
      throw Error(ErrorKind::invalid, "linucb takes a context of at most 200 features",
                  "choose columns with fewer values: --context");
    arms_.assign(arm_.size(), stats::LinearArm(features_.size(), spec.ridge));
  }

  double probability(const Batch& batch, std::size_t row, std::size_t action) override {
    dense(batch, row);
    std::size_t best = 0;
    double most = -1e308;
    for (std::size_t arm = 0; arm < arms_.size(); ++arm) {
      const stats::LinearArm::Estimate at = arms_[arm].at(x_);
      const double index = at.mean + width_ * at.width;
      if (index > most) most = index, best = arm;
    }
    const auto at = std::find(arm_.begin(), arm_.end(), best);
    chosen_ = static_cast<std::size_t>(at - arm_.begin());
    return chosen_ == action ? 1 : 0;
  }

  std::optional<std::size_t> certain() const override { return chosen_; }
  std::size_t looks() const override { return 0; }

  // Of the row that was asked about last.
  void learn(const Batch&, std::size_t, std::size_t action, double reward) override {
    arms_[arm_[action]].add(x_, 1, reward);
  }

  std::vector<double> shares() const override { return {}; }

 private:
  void dense(const Batch& batch, std::size_t row) {
    x_.assign(features_.size(), 0);
    const stats::SparseRow sparse = features_.of(batch, row, buffer_);
    for (std::size_t k = 0; k < sparse.index.size(); ++k) x_[sparse.index[k]] += sparse.value[k];
  }

  double width_;
  std::vector<std::size_t> arm_;
  std::size_t chosen_ = 0;
  Features features_;
  std::vector<stats::LinearArm> arms_;
  std::vector<double> x_;
  FeatureBuffer buffer_;
};

}  // namespace

std::unique_ptr<AlgorithmPlayer> make_player(const Log& log, const AlgorithmSpec& spec) {
  if (spec.method) return std::make_unique<BanditAlongLog>(log, spec);
  return std::make_unique<LinUcbAlongLog>(log, spec);
}

}  // namespace autopilot::evaluate
