#include "core/stats/bandit.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace autopilot::stats {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct Named {
  Bandit method;
  std::string_view name;
};
constexpr Named kNames[] = {
    {Bandit::thompson, "thompson"},       {Bandit::gaussian, "gaussian"},
    {Bandit::top_two, "top_two"},         {Bandit::ucb1, "ucb1"},
    {Bandit::ucb_tuned, "ucb_tuned"},     {Bandit::kl_ucb, "kl_ucb"},
    {Bandit::kl_ucb_plus, "kl_ucb_plus"}, {Bandit::imed, "imed"},
};

double ucb1_index(const ArmRewards& arm, double log_t) {
  return arm.mean() + std::sqrt(2 * log_t / arm.count);
}

double ucb_tuned_index(const ArmRewards& arm, double log_t) {
  const double mean = arm.mean();
  const double variance = std::max(0.0, arm.square_sum / arm.count - mean * mean);
  const double bound = std::min(0.25, variance + std::sqrt(2 * log_t / arm.count));
  return mean + std::sqrt(log_t / arm.count * bound);
}

// What the divergence of an arm's mean from its bound may be.
double kl_level(const ArmRewards& arm, double log_t) { return log_t / arm.count; }
double kl_plus_level(const ArmRewards& arm, double log_t) {
  return std::max(0.0, log_t - std::log(arm.count)) / arm.count;
}

template <typename Index>
std::size_t greatest(std::span<const ArmRewards> arms, const Index& index) {
  std::size_t best = 0;
  double most = -kInfinity;
  for (std::size_t j = 0; j < arms.size(); ++j) {
    const double value = index(arms[j]);
    if (value > most) {
      most = value;
      best = j;
    }
  }
  return best;
}

// An upper bound is only solved for where it beats the greatest so far, which one kl() tells.
template <typename Level>
std::size_t greatest_kl(std::span<const ArmRewards> arms, const Level& level) {
  std::size_t best = 0;
  double most = -1;
  for (std::size_t j = 0; j < arms.size(); ++j) {
    const double mean = std::clamp(arms[j].mean(), 0.0, 1.0), budget = level(arms[j]);
    const bool beats = mean > most || (mean < most && bernoulli_kl(mean, most) < budget);
    if (!beats) continue;
    const double bound = kl_upper(mean, budget);
    if (bound <= most) continue;
    most = bound;
    best = j;
  }
  return best;
}

std::size_t least_imed(std::span<const ArmRewards> arms) {
  double leader = 0;
  for (const ArmRewards& arm : arms) leader = std::max(leader, arm.mean());
  leader = std::min(leader, 1.0);
  return greatest(arms, [&](const ArmRewards& arm) {
    const double mean = std::clamp(arm.mean(), 0.0, 1.0);
    const double gap = mean >= leader ? 0 : bernoulli_kl(mean, leader);
    return -(arm.count * gap + std::log(arm.count));
  });
}

}  // namespace

std::string_view name_of(Bandit method) {
  return std::find_if(std::begin(kNames), std::end(kNames),
                      [&](const Named& named) { return named.method == method; })
      ->name;
}

std::optional<Bandit> bandit_named(std::string_view name) {
  for (const Named& named : kNames) {
    if (named.name == name) return named.method;
  }
  return std::nullopt;
}

std::vector<std::string_view> bandit_names() {
  std::vector<std::string_view> out;
  for (const Named& named : kNames) out.push_back(named.name);
  return out;
}

bool is_bayesian(Bandit method) {
  return method == Bandit::thompson || method == Bandit::gaussian || method == Bandit::top_two;
}

double bernoulli_kl(double p, double q) {
  double sum = 0;
  if (p > 0) sum += q > 0 ? p * std::log(p / q) : kInfinity;
  if (p < 1) sum += q < 1 ? (1 - p) * std::log((1 - p) / (1 - q)) : kInfinity;
  return std::max(0.0, sum);
}

// Newton's method from above, where kl is convex: each step lands above the root again. It starts
// at the lesser of Pinsker's bound and of what is left without the term of p, which is exact at 0.
double kl_upper(double p, double level) {
  if (p >= 1 || level <= 0) return std::min(p, 1.0);
  const double entropy = (p > 0 ? -p * std::log(p) : 0) - (1 - p) * std::log1p(-p);
  double q = std::min(p + std::sqrt(level / 2), -std::expm1(-(level + entropy) / (1 - p)));
  if (q >= 1) return 1;
  for (int step = 0; step < 50 && q > p; ++step) {
    const double excess = bernoulli_kl(p, q) - level;
    const double next = q - excess * q * (1 - q) / (q - p);
    if (!(next < q) || q - next < 1e-12) return std::max(p, std::min(next, q));
    q = next;
  }
  return std::max(p, q);
}

double index_of(Bandit method, const ArmRewards& arm, double t) {
  if (arm.count <= 0) return kInfinity;
  const double log_t = std::log(std::max(t, 1.0));
  const double mean = std::clamp(arm.mean(), 0.0, 1.0);
  switch (method) {
    case Bandit::ucb1:
      return ucb1_index(arm, log_t);
    case Bandit::ucb_tuned:
      return ucb_tuned_index(arm, log_t);
    case Bandit::kl_ucb:
      return kl_upper(mean, kl_level(arm, log_t));
    default:
      return kl_upper(mean, kl_plus_level(arm, log_t));
  }
}

std::size_t index_choice(Bandit method, std::span<const ArmRewards> arms, double t) {
  for (std::size_t j = 0; j < arms.size(); ++j) {
    if (arms[j].count <= 0) return j;
  }
  const double log_t = std::log(std::max(t, 1.0));
  switch (method) {
    case Bandit::ucb1:
      return greatest(arms, [&](const ArmRewards& arm) { return ucb1_index(arm, log_t); });
    case Bandit::ucb_tuned:
      return greatest(arms, [&](const ArmRewards& arm) { return ucb_tuned_index(arm, log_t); });
    case Bandit::kl_ucb:
      return greatest_kl(arms, [&](const ArmRewards& arm) { return kl_level(arm, log_t); });
    case Bandit::kl_ucb_plus:
      return greatest_kl(arms, [&](const ArmRewards& arm) { return kl_plus_level(arm, log_t); });
    default:
      return least_imed(arms);
  }
}

}  // namespace autopilot::stats
