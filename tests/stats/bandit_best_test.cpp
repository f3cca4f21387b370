#include "core/stats/bandit_best.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <numeric>
#include <sstream>

#include "core/stats/special.h"
#include "tests/stats/draws.h"
#include "tests/stats/shared_data.h"

namespace autopilot::stats {
namespace {

std::vector<double> best_of(const std::vector<std::pair<double, double>>& wins_of_trials) {
  std::vector<Posterior> arms;
  for (const auto& [wins, trials] : wins_of_trials) {
    arms.push_back(Posterior::beta(1 + wins, 1 + trials - wins));
  }
  return best_arm(arms).probability;
}

void expect_near(const std::vector<double>& seen, const std::vector<double>& expected,
                 double tolerance) {
  ASSERT_EQ(seen.size(), expected.size());
  for (std::size_t i = 0; i < seen.size(); ++i) EXPECT_NEAR(seen[i], expected[i], tolerance) << i;
}

TEST(BestArm, agrees_with_published_probabilities) {
  expect_near(best_of({{10, 100}, {12, 100}}), {0.32927953478792016, 0.6707204652120798}, 1e-12);
  expect_near(best_of({{50, 1000}, {60, 1000}, {55, 1000}}),
              {0.10164096891542222, 0.6199931404691261, 0.2783658906154518}, 1e-12);
  expect_near(best_of({{49000, 1e6}, {49500, 1e6}}), {0.05114320293141565, 0.9488567970686045},
              1e-11);
}

TEST(BestArm, an_arm_without_rewards_is_known_by_its_prior_alone) {
  expect_near(best_of({{0, 0}, {0, 10}, {1, 10}}),
              {0.8152173913043479, 0.03881987577639752, 0.14596273291925466}, 1e-12);
  expect_near(best_of({{5, 1000}, {0, 10}, {0, 10}, {0, 10}, {0, 10}}),
              {3.589566229533662e-05, 0.24999102608442617, 0.24999102608442617, 0.24999102608442617,
               0.24999102608442617},
              1e-12);
}

// P(B > A) for integer parameters, summed term by term (Miller, Formulas for Bayesian A/B Testing).
double second_is_better(int a1, int b1, int a2, int b2) {
  const auto log_beta = [](double a, double b) {
    return std::lgamma(a) + std::lgamma(b) - std::lgamma(a + b);
  };
  double sum = 0;
  for (int i = 0; i < a2; ++i) {
    sum += std::exp(log_beta(a1 + i, b1 + b2) - std::log(b2 + i) - log_beta(1 + i, b2) -
                    log_beta(a1, b1));
  }
  return sum;
}

TEST(BestArm, agrees_with_the_closed_form_for_two_arms) {
  Draws draws(1);
  for (int i = 0; i < 300; ++i) {
    const auto whole = [&] {
      return static_cast<int>(1 + std::exp(draws.uniform() * 7));  // 2 to 1,097
    };
    const int a1 = whole(), b1 = whole(), a2 = whole(), b2 = whole();
    const Posterior arms[] = {Posterior::beta(a1, b1), Posterior::beta(a2, b2)};
    const double expected = second_is_better(a1, b1, a2, b2);
    EXPECT_NEAR(best_arm(arms).probability[1], expected, 1e-9)
        << a1 << " " << b1 << " " << a2 << " " << b2;
  }
}

// Riemann's sum with distribution functions of their own: the integrand vanishes at both ends.
std::vector<double> brute_force(const std::vector<Posterior>& arms, double from, double to) {
  constexpr int kSteps = 40000;
  std::vector<double> out(arms.size(), 0.0);
  const double step = (to - from) / kSteps;
  for (int i = 0; i < kSteps; ++i) {
    const double left = from + i * step, right = left + step;
    double product = 1;
    for (const Posterior& arm : arms) product *= arm.cdf(left + step / 2);
    for (std::size_t j = 0; j < arms.size(); ++j) {
      const double own = arms[j].cdf(left + step / 2);
      if (own > 0) out[j] += (arms[j].cdf(right) - arms[j].cdf(left)) * product / own;
    }
  }
  return out;
}

TEST(BestArm, agrees_with_brute_force_for_unlike_arms) {
  const std::vector<Posterior> arms{Posterior::beta(1, 1), Posterior::beta(2, 30),
                                    Posterior::beta(30.5, 12.25), Posterior::beta(300, 120),
                                    Posterior::beta(0.8, 3)};
  expect_near(best_arm(arms).probability, brute_force(arms, 0, 1), 1e-7);
}

TEST(BestArm, agrees_with_brute_force_for_normal_and_student_arms) {
  const std::vector<Posterior> normal{Posterior::normal(1, 0.5), Posterior::normal(1.2, 0.1),
                                      Posterior::normal(-3, 4)};
  expect_near(best_arm(normal).probability, brute_force(normal, -30, 30), 1e-6);
  const std::vector<Posterior> student{Posterior::student(0, 1, 9), Posterior::student(0.5, 2, 7),
                                       Posterior::student(-1, 0.1, 1e7)};
  expect_near(best_arm(student).probability, brute_force(student, -300, 300), 1e-5);
}

TEST(BestArm, two_normal_arms_have_a_closed_form) {
  const std::vector<Posterior> arms{Posterior::normal(10, 3), Posterior::normal(12, 4)};
  EXPECT_NEAR(best_arm(arms).probability[0], 0.5 * std::erfc(0.4 / std::sqrt(2.0)), 1e-12);
  // E[max] = m1 P1 + m2 P2 + s phi(d / s)
  const double expected = 10 * 0.34457825838967576 + 12 * 0.65542174161032424 +
                          5 * std::exp(-0.08) / std::sqrt(2 * M_PI);
  EXPECT_NEAR(best_arm(arms).expected_best, expected, 1e-10);
}

TEST(BestArm, equal_arms_are_equally_likely) {
  for (const std::size_t count : {1u, 2u, 50u, 1000u}) {
    for (const auto& one : {Posterior::beta(3, 700), Posterior::beta(0.01, 5),
                            Posterior::student(5, 2, 2), Posterior::beta(1e8, 3e8)}) {
      const std::vector<Posterior> arms(count, one);
      const BestArm best = best_arm(arms);
      for (const double p : best.probability) {
        EXPECT_NEAR(p, 1.0 / static_cast<double>(count), 1e-12);
      }
    }
  }
}

TEST(BestArm, scales_that_lie_far_apart_do_not_matter) {
  const std::vector<Posterior> arms{Posterior::beta(1, 1), Posterior::beta(5e8, 5e8)};
  EXPECT_NEAR(best_arm(arms).probability[0], 0.5, 1e-9);
  const std::vector<Posterior> certain{Posterior::beta(1e9, 1), Posterior::beta(1, 1e9)};
  EXPECT_NEAR(best_arm(certain).probability[0], 1, 1e-12);
  // P(Beta(1,1) > Beta(1e9, 1)) = 1 / (1e9 + 1)
  const std::vector<Posterior> edge{Posterior::beta(1e9, 1), Posterior::beta(1, 1)};
  EXPECT_NEAR(best_arm(edge).probability[1], 1e-9, 1e-14);
}

TEST(BestArm, the_expected_loss_is_what_an_arm_lacks_of_the_best) {
  const std::vector<Posterior> arms{Posterior::beta(1, 1), Posterior::beta(1, 1)};
  const BestArm best = best_arm(arms);
  EXPECT_NEAR(best.expected_best, 2.0 / 3, 1e-13);
  EXPECT_NEAR(best.expected_loss[0], 1.0 / 6, 1e-13);
}

TEST(Ranks, add_up_to_one_by_arm_and_by_rank) {
  std::vector<Posterior> arms;
  for (int i = 1; i <= 6; ++i) arms.push_back(Posterior::beta(i, 20));
  const auto ranks = rank_probabilities(arms, 6);
  for (std::size_t i = 0; i < 6; ++i) {
    EXPECT_NEAR(std::accumulate(ranks[i].begin(), ranks[i].end(), 0.0), 1, 1e-12);
    double by_rank = 0;
    for (std::size_t j = 0; j < 6; ++j) by_rank += ranks[j][i];
    EXPECT_NEAR(by_rank, 1, 1e-12);
  }
  const auto first = best_arm(arms).probability;
  for (std::size_t j = 0; j < 6; ++j) EXPECT_NEAR(ranks[j][0], first[j], 1e-13);
}

TEST(Ranks, more_than_there_are_arms_are_as_many_as_there_are) {
  const std::vector<Posterior> arms(3, Posterior::beta(2, 2));
  EXPECT_EQ(rank_probabilities(arms, 9).front().size(), 3u);
}

// The prior of ZOZOTOWN's Bernoulli Thompson sampling for the campaign "men", as published with the
// Open Bandit Pipeline (obp/policy/conf/prior_bts.yaml, Apache-2.0).
constexpr double kMen[][2] = {
    {47, 12198}, {8, 3566},  {62, 15993},  {142, 35522}, {3, 2367},  {6, 3100},  {100, 24665},
    {48, 13210}, {23, 7061}, {71, 18061},  {61, 17449},  {13, 5644}, {16, 6787}, {518, 111326},
    {30, 8776},  {7, 3334},  {4, 2271},    {23, 7389},   {8, 2659},  {10, 3665}, {11, 4724},
    {11, 3561},  {18, 5085}, {121, 27407}, {11, 4601},   {4, 2923},  {32, 8897}, {30, 8654},
    {9, 4000},   {22, 6580}, {6, 3174},    {23, 6766},   {5, 2602},  {54, 14506}};

TEST(Ranks, of_the_open_bandit_dataset_are_those_published) {
  const auto path = shared_file("obd/bts_men_exact.csv");
  if (!path) GTEST_SKIP() << "bts_men_exact.csv of the shared test data is not there";
  std::vector<Posterior> arms;
  for (const auto& [alpha, beta] : kMen) arms.push_back(Posterior::beta(alpha, beta));
  const auto ranks = rank_probabilities(arms, 3);
  std::ifstream file(*path);
  std::string line;
  std::getline(file, line);
  std::size_t rows = 0;
  for (; std::getline(file, line); ++rows) {
    std::replace(line.begin(), line.end(), ',', ' ');
    std::istringstream fields(line);
    std::size_t item = 0;
    fields >> item;
    for (std::size_t r = 0; r < 3; ++r) {
      double expected = 0;
      fields >> expected;
      EXPECT_NEAR(ranks.at(item)[r], expected, 1e-9) << "item " << item << " position " << r + 1;
    }
  }
  EXPECT_EQ(rows, std::size(kMen));
}

}  // namespace
}  // namespace autopilot::stats
