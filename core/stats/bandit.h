#pragma once
// Multi-armed bandits: which arm to play next given what each has earned so far. An arm is a
// destination, a variant, a price. Rewards are numbers; all methods but the Gaussian one take them
// in [0, 1] (the caller scales).

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace autopilot::stats {

enum class Bandit {
  thompson,     // Beta-Bernoulli Thompson sampling
  gaussian,     // Gaussian Thompson sampling
  top_two,      // top-two Thompson sampling (Russo, 2016): finds the best arm sooner
  ucb1,         // Auer, Cesa-Bianchi and Fischer, 2002
  ucb_tuned,    // the same, with the variance
  kl_ucb,       // Garivier and Cappe, 2011, c = 0
  kl_ucb_plus,  // with log(t/n)
  imed,         // Honda and Takemura, 2015
};

std::string_view name_of(Bandit method);
std::optional<Bandit> bandit_named(std::string_view name);
std::vector<std::string_view> bandit_names();
bool is_bayesian(Bandit method);  // plays arms by the probability that they are the best

// What an arm has earned. Counts are fractions where older rewards are discounted.
struct ArmRewards {
  double count = 0;
  double sum = 0;
  double square_sum = 0;
  double alpha = 0, beta = 0;  // of the arm's own Beta prior; 0: that of the settings

  void add(double reward) {
    count += 1;
    sum += reward;
    square_sum += reward * reward;
  }
  double mean() const { return count > 0 ? sum / count : 0; }
};

struct BanditSettings {
  double alpha = 1, beta = 1;  // of the Beta prior
  double noise = 0;            // gaussian: the rewards' standard deviation; 0: from the data
  double leader_share = 0.5;   // top_two: how often the leader itself is played
};

// kl(p, q) between Bernoulli distributions; infinite where q cannot make p.
double bernoulli_kl(double p, double q);
// The greatest q >= p with kl(p, q) <= level.
double kl_upper(double p, double level);

// What a method other than imed ranks arms by after `t` rewards in all, for one arm: never falls as
// t grows. Infinite for an arm without any.
double index_of(Bandit method, const ArmRewards& arm, double t);

// The arm an index method plays after `t` rewards in all: one without any first, then that of the
// best index, the lowest number of equals. REQUIRES a method that is_bayesian() is false for, one
// arm at least.
std::size_t index_choice(Bandit method, std::span<const ArmRewards> arms, double t);

}  // namespace autopilot::stats
