#include "core/stats/bandit.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/stats/bandit_linear.h"
#include "core/stats/bandit_lookahead.h"
#include "core/stats/bandit_shares.h"
#include "tests/stats/draws.h"

namespace autopilot::stats {
namespace {

ArmRewards arm(double count, double sum) { return {count, sum, sum}; }

TEST(Bandit, names_are_read_back) {
  for (const std::string_view name : bandit_names()) {
    EXPECT_EQ(name_of(bandit_named(name).value()), name);
  }
  EXPECT_FALSE(bandit_named("thompsen"));
}

TEST(KlUpper, is_the_greatest_mean_within_the_level) {
  Draws draws(2);
  for (int i = 0; i < 2000; ++i) {
    const double p = i % 10 == 0 ? 0 : draws.uniform();
    const double level = std::exp(draws.uniform() * 16 - 12);
    const double q = kl_upper(p, level);
    ASSERT_GE(q, p);
    ASSERT_LE(q, 1);
    ASSERT_LE(bernoulli_kl(p, q - 1e-11), level * (1 + 1e-9)) << p;
    ASSERT_GE(bernoulli_kl(p, std::min(1.0, q + 1e-11)), level * (1 - 1e-9)) << p;
  }
}

TEST(KlUpper, at_the_edges) {
  EXPECT_EQ(kl_upper(1, 3), 1);
  EXPECT_EQ(kl_upper(0.3, 0), 0.3);
  EXPECT_NEAR(kl_upper(0, 2), 1 - std::exp(-2), 1e-14);
  EXPECT_EQ(bernoulli_kl(0.5, 1), std::numeric_limits<double>::infinity());
  EXPECT_EQ(bernoulli_kl(0, 0), 0);
}

TEST(IndexChoice, plays_each_arm_once_first) {
  std::vector<ArmRewards> arms(3);
  for (const Bandit method :
       {Bandit::ucb1, Bandit::ucb_tuned, Bandit::kl_ucb, Bandit::kl_ucb_plus, Bandit::imed}) {
    arms = {arm(5, 5), arm(0, 0), arm(0, 0)};
    EXPECT_EQ(index_choice(method, arms, 5), 1u) << name_of(method);
  }
}

// The choice with each index solved for, without the short cut.
std::size_t slow_kl_choice(const std::vector<ArmRewards>& arms, double t, bool plus) {
  std::size_t best = 0;
  double most = -1;
  for (std::size_t j = 0; j < arms.size(); ++j) {
    const double budget = plus ? std::max(0.0, std::log(t / arms[j].count)) : std::log(t);
    const double bound = kl_upper(arms[j].mean(), budget / arms[j].count);
    if (bound > most) {
      most = bound;
      best = j;
    }
  }
  return best;
}

TEST(IndexChoice, by_kl_is_that_of_the_greatest_bound) {
  Draws draws(3);
  for (int i = 0; i < 2000; ++i) {
    std::vector<ArmRewards> arms;
    double t = 0;
    for (int j = 0; j < 6; ++j) {
      const auto count = 1 + draws.poisson(20);
      arms.push_back(arm(static_cast<double>(count),
                         static_cast<double>(draws.binomial(count, draws.uniform()))));
      t += static_cast<double>(count);
    }
    ASSERT_EQ(index_choice(Bandit::kl_ucb, arms, t), slow_kl_choice(arms, t, false));
    ASSERT_EQ(index_choice(Bandit::kl_ucb_plus, arms, t), slow_kl_choice(arms, t, true));
  }
}

// Each round with all indices.
std::vector<double> slow_lookahead(Bandit method, std::vector<ArmRewards> arms, int batch) {
  std::vector<double> plays(arms.size(), 0.0), expected;
  double t = 0;
  for (const ArmRewards& one : arms) {
    t += one.count;
    expected.push_back((1 + one.sum) / (2 + one.count));
  }
  for (int round = 0; round < batch; ++round, t += 1) {
    const std::size_t j = index_choice(method, arms, t);
    arms[j].add(expected[j]);
    plays[j] += 1.0 / batch;
  }
  return plays;
}

TEST(Lookahead, plays_what_looking_at_every_index_in_every_round_does) {
  Draws draws(4);
  for (int i = 0; i < 40; ++i) {
    std::vector<ArmRewards> arms;
    for (int j = 0; j < 7; ++j) {
      const auto count = draws.poisson(30);
      arms.push_back(arm(static_cast<double>(count),
                         static_cast<double>(draws.binomial(count, draws.uniform()))));
    }
    for (const Bandit method :
         {Bandit::ucb1, Bandit::ucb_tuned, Bandit::kl_ucb, Bandit::kl_ucb_plus, Bandit::imed}) {
      const auto fast = lookahead_shares(method, arms, {}, 200);
      const auto slow = slow_lookahead(method, arms, 200);
      for (std::size_t j = 0; j < arms.size(); ++j) {
        EXPECT_NEAR(fast[j], slow[j], 0.0051) << name_of(method);
      }
    }
  }
}

TEST(TopTwo, shares_are_those_of_drawing_until_another_wins) {
  const std::vector<double> best{0.6, 0.3, 0.1};
  const auto shares = top_two_shares(best, 0.5);
  EXPECT_NEAR(shares[0], 0.6 * (0.5 + 0.5 * (0.3 / 0.7 + 0.1 / 0.9)), 1e-15);
  EXPECT_NEAR(shares[1], 0.3 * (0.5 + 0.5 * (0.6 / 0.4 + 0.1 / 0.9)), 1e-15);
  EXPECT_NEAR(shares[0] + shares[1] + shares[2], 1, 1e-15);
}

TEST(TopTwo, a_certain_leader_gets_its_share_and_no_more) {
  const auto shares = top_two_shares(std::vector<double>{1 - 1e-15, 1e-15}, 0.5);
  EXPECT_NEAR(shares[0], 0.5, 1e-9);
}

TEST(Bounds, floors_are_added_and_keep_the_order) {
  ShareBounds bounds;
  bounds.floor = {0.05, 0.05, 0.05};
  const auto shares = bounded_shares({0.9, 0.08, 0.02}, bounds);
  EXPECT_NEAR(shares[0], 0.05 + 0.85 * 0.9, 1e-15);
  EXPECT_GT(shares[1], shares[2]);
  EXPECT_GE(shares[2], 0.05);
}

TEST(Bounds, what_a_cap_takes_goes_to_the_others_in_proportion) {
  ShareBounds bounds;
  bounds.cap = {0.5, 0.3, 1};
  const auto shares = bounded_shares({0.8, 0.15, 0.05}, bounds);
  EXPECT_NEAR(shares[0], 0.5, 1e-15);
  EXPECT_NEAR(shares[1], 0.3, 1e-15);
  EXPECT_NEAR(shares[2], 0.2, 1e-15);
}

TEST(Bounds, hold_whatever_the_shares) {
  Draws draws(5);
  for (int i = 0; i < 2000; ++i) {
    const auto n = static_cast<std::size_t>(1 + draws.poisson(4));
    ShareBounds bounds;
    std::vector<double> shares;
    double sum = 0;
    for (std::size_t j = 0; j < n; ++j) {
      bounds.floor.push_back(draws.uniform() / static_cast<double>(n));
      bounds.cap.push_back(std::min(1.0, 1 / static_cast<double>(n) + draws.uniform() / 2));
      shares.push_back(draws.uniform() < 0.3 ? 0 : draws.uniform());
      sum += shares.back();
    }
    if (sum == 0) continue;
    for (double& share : shares) share /= sum;
    ASSERT_STREQ(fault_of(bounds, n), "");
    const auto bounded = bounded_shares(shares, bounds);
    double total = 0;
    for (std::size_t j = 0; j < n; ++j) {
      ASSERT_GE(bounded[j], bounds.floor[j] - 1e-12);
      ASSERT_LE(bounded[j], bounds.cap[j] + 1e-12);
      total += bounded[j];
    }
    ASSERT_NEAR(total, 1, 1e-12);
  }
}

TEST(Bounds, that_cannot_be_met_are_named) {
  EXPECT_STREQ(fault_of({{0.6, 0.6}, {}, 0}, 2), "the floors add up to more than the whole");
  EXPECT_STREQ(fault_of({{}, {0.4, 0.4}, 0}, 2), "the caps add up to less than the whole");
  EXPECT_STREQ(fault_of({{0.5, 0}, {0.4, 1}, 0}, 2), "a floor is above its cap");
  EXPECT_STREQ(fault_of({{NAN, 0}, {}, 0}, 2), "a share is outside of 0 to 1");
}

TEST(Shares, an_arm_with_little_data_gets_an_even_share) {
  ShareBounds bounds;
  bounds.min_count = 50;
  const Shares shares = shares_of(
      Bandit::thompson, std::vector{arm(1000, 100), arm(1000, 50), arm(10, 0)}, {}, bounds);
  EXPECT_NEAR(shares.share[2], 1.0 / 3, 1e-15);
  EXPECT_GT(shares.share[0], 0.66);
}

TEST(Shares, add_up_for_every_method) {
  const std::vector<ArmRewards> arms{arm(100, 12), arm(120, 9), arm(80, 10), arm(3, 0)};
  for (const std::string_view name : bandit_names()) {
    const Shares shares = shares_of(*bandit_named(name), arms, {}, {}, 500);
    double sum = 0;
    for (const double share : shares.share) sum += share;
    EXPECT_NEAR(sum, 1, 1e-9) << name;
  }
}

TEST(Shares, of_gaussian_arms_without_any_spread_are_settled) {
  const std::vector<ArmRewards> arms{{50, 100, 200}, {50, 150, 450}};
  const Shares shares = shares_of(Bandit::gaussian, arms, {}, {});
  EXPECT_GT(shares.share[1], 0.999);
}

TEST(BasisPoints, add_up_to_the_whole_and_leave_nobody_out) {
  EXPECT_EQ(basis_points(std::vector{1.0 / 3, 1.0 / 3, 1.0 / 3}),
            (std::vector<int>{3334, 3333, 3333}));
  EXPECT_EQ(basis_points(std::vector{0.99999, 0.00001, 0.0}), (std::vector<int>{9999, 1, 0}));
  EXPECT_EQ(basis_points(std::vector{1.0}), std::vector<int>{10000});
}

TEST(Linear, agrees_with_ridge_regression_by_hand) {
  LinearArm one(2, 1);
  const std::vector<double> x{1, 2};
  one.add(x, 3, 6);  // A = [[4, 6], [6, 13]], b = [6, 12]
  const auto at = one.at(x);
  EXPECT_NEAR(at.mean, (1 * (13 * 6 - 6 * 12) + 2 * (-6 * 6 + 4 * 12)) / 16.0, 1e-14);
  EXPECT_NEAR(at.width * at.width, (13 - 2 * 2 * 6 + 4 * 4) / 16.0, 1e-14);
}

TEST(Linear, each_segment_gets_the_arm_that_is_best_there) {
  const std::vector<double> home{1, 1, 0}, away{1, 0, 1};
  std::vector<LinearArm> arms(2, LinearArm(3, 1));
  arms[0].add(home, 1000, 300);
  arms[0].add(away, 1000, 50);
  arms[1].add(home, 1000, 100);
  arms[1].add(away, 1000, 150);
  EXPECT_GT(best_arm(linear_beliefs(arms, home, 0.5)).probability[0], 0.99);
  EXPECT_GT(best_arm(linear_beliefs(arms, away, 0.5)).probability[1], 0.99);
  EXPECT_GT(linear_ucb_shares(arms, home, 1, 1000)[0], 0.9);
  EXPECT_GT(linear_ucb_shares(arms, away, 1, 1000)[1], 0.9);
}

}  // namespace
}  // namespace autopilot::stats
