#include "core/stats/bandit_simulate.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

namespace autopilot::stats {
namespace {

Simulation two_arms(Bandit method) {
  Simulation out;
  out.method = method;
  out.phases = {{0, {0.9, 0.8}}};
  out.horizon = 1000;
  out.runs = 300;
  out.checkpoints = {1000};
  return out;
}

// Mean pseudo-regret after 1,000 rounds and its standard error, by an independent implementation.
struct Reference {
  Bandit method;
  double mean, standard_error;
};

TEST(Simulation, regret_is_that_of_an_independent_implementation) {
  constexpr Reference kTwoArms[] = {
      {Bandit::thompson, 6.0685, 0.2079},    {Bandit::ucb1, 24.6741, 0.1581},
      {Bandit::ucb_tuned, 8.5002, 0.1994},   {Bandit::kl_ucb, 7.6993, 0.1592},
      {Bandit::kl_ucb_plus, 6.6833, 0.1904}, {Bandit::imed, 6.9027, 0.1656},
  };
  for (const Reference& reference : kTwoArms) {
    const Regret seen = simulate_bandit(two_arms(reference.method)).regret[0];
    const double error = std::hypot(seen.standard_error, reference.standard_error);
    EXPECT_LE(std::abs(seen.mean - reference.mean), 3.5 * error)
        << name_of(reference.method) << " " << seen.mean << " for " << reference.mean;
  }
}

TEST(Simulation, looks_at_geometric_times_cost_little) {
  Simulation often = two_arms(Bandit::thompson);
  often.runs = 1000;
  Simulation seldom = often;
  seldom.batch = 1000;
  seldom.growth = 0.1;
  Simulation never = often;
  never.batch = 1000;
  const double base = simulate_bandit(often).regret[0].mean;
  EXPECT_LE(simulate_bandit(seldom).regret[0].mean, 1.25 * base);
  EXPECT_NEAR(simulate_bandit(never).regret[0].mean, 50, 1);
}

TEST(Simulation, is_the_same_for_a_seed_whatever_the_threads) {
  Simulation one = two_arms(Bandit::thompson);
  one.runs = 20;
  one.threads = 1;
  Simulation four = one;
  four.threads = 4;
  EXPECT_EQ(simulate_bandit(one).regret[0].mean, simulate_bandit(four).regret[0].mean);
  four.seed = 2;
  EXPECT_NE(simulate_bandit(one).regret[0].mean, simulate_bandit(four).regret[0].mean);
}

TEST(Simulation, delay_costs) {
  Simulation now = two_arms(Bandit::thompson);
  Simulation late = now;
  late.delay = 500;
  EXPECT_GT(simulate_bandit(late).regret[0].mean, 2 * simulate_bandit(now).regret[0].mean);
}

TEST(Simulation, forgetting_helps_when_the_best_arm_changes) {
  Simulation keeping;
  keeping.phases = {{0, {0.10, 0.08, 0.05}}, {5000, {0.05, 0.08, 0.10}}};
  keeping.horizon = 10000;
  keeping.checkpoints = {10000};
  keeping.runs = 100;
  Simulation window = keeping, discount = keeping;
  window.window = 2000;
  discount.discount = 0.9995;
  const double kept = simulate_bandit(keeping).regret[0].mean;
  EXPECT_LT(simulate_bandit(window).regret[0].mean, kept);
  EXPECT_LT(simulate_bandit(discount).regret[0].mean, kept);
}

TEST(Simulation, a_floor_gives_each_arm_its_rounds) {
  Simulation floor = two_arms(Bandit::kl_ucb);
  floor.floor = 0.1;
  const SimulationResult result = simulate_bandit(floor);
  EXPECT_GE(result.share[1], 0.1);
  EXPECT_NEAR(std::accumulate(result.share.begin(), result.share.end(), 0.0), 1, 1e-9);
}

TEST(Simulation, rewards_can_be_drawn_from_what_was_seen) {
  Simulation replayed = two_arms(Bandit::gaussian);
  replayed.settings.noise = 3;
  replayed.pools = {{8, 10, 12}, {4, 5, 6}};
  replayed.phases = {{0, {10, 5}}};
  const SimulationResult result = simulate_bandit(replayed);
  EXPECT_GT(result.share[0], 0.95);
}

TEST(Simulation, top_two_plays_the_leader_about_half_the_time) {
  const SimulationResult result = simulate_bandit(two_arms(Bandit::top_two));
  EXPECT_NEAR(result.share[0], 0.5, 0.1);
}

TEST(LaiRobbins, constant_of_published_instances) {
  EXPECT_NEAR(lai_robbins_constant({0.9, 0.8}), 2.252099699, 1e-8);
  EXPECT_NEAR(lai_robbins_constant({0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0}), 7.907380576,
              1e-8);
}

}  // namespace
}  // namespace autopilot::stats
