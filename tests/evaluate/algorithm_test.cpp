#include "core/evaluate/algorithm.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "core/base/error.h"
#include "core/evaluate/question.h"
#include "core/stats/bandit_random.h"
#include "core/stats/bandit_shares.h"
#include "core/stats/sample.h"
#include "tests/fakes.h"

namespace autopilot::evaluate {
namespace {

using stats::SeededDraws;

constexpr std::array kChance = {0.2, 0.5, 0.35};

// Three arms, logged with the probabilities `acting`.
std::string arms_log(int rows, const std::array<double, 3>& acting, std::uint64_t seed) {
  SeededDraws draws(seed, 5);
  std::string out = "action,propensity,reward\n";
  for (int i = 0; i < rows; ++i) {
    double u = draws.uniform();
    std::size_t a = 0;
    while (a + 1 < acting.size() && u >= acting[a]) u -= acting[a++];
    out += fmt::format("{},{},{}\n", a, acting[a], draws.uniform() < kChance[a] ? 1 : 0);
  }
  return out;
}

std::unique_ptr<Answer> play(const std::string& log, const std::string& algorithm,
                             std::uint64_t seed, const std::string& model = "") {
  testing::FakeFiles files;
  files.texts["log"] = log;
  Question question;
  question.log.paths = {"log"};
  question.target = "algorithm:" + algorithm;
  question.spec.seed = seed;
  question.spec.replicates = 0;
  for (const char* name : {"replay", "ips", "dm", "dr", "sndr"})
    question.spec.estimators.push_back(parse_estimator(name));
  question.model = model;
  if (algorithm == "linucb") question.log.columns.context = {"arm_of_the_day"};
  return answer(std::move(question), files);
}

// The mean reward of so many rounds played online, with probabilities set anew every `batch`.
double online(stats::Bandit method, std::int64_t rounds, std::size_t batch, SeededDraws& draws) {
  std::vector<stats::ArmRewards> arms(kChance.size());
  std::vector<double> shares;
  double sum = 0;
  for (std::int64_t t = 0; t < rounds; ++t) {
    if (t % static_cast<std::int64_t>(batch) == 0) {
      shares.assign(arms.size(), 0);
      if (stats::is_bayesian(method))
        shares = stats::method_shares(method, arms, {}, batch);
      else
        shares[stats::index_choice(method, arms, static_cast<double>(t))] = 1;
    }
    double u = draws.uniform();
    std::size_t a = 0;
    while (a + 1 < shares.size() && u >= shares[a]) u -= shares[a++];
    const double reward = draws.uniform() < kChance[a] ? 1 : 0;
    arms[a].add(reward);
    sum += reward;
  }
  return sum / static_cast<double>(rounds);
}

struct Against {
  std::vector<double> replayed, weighed, modelled, played;
};

Against against_online(const std::string& spec, stats::Bandit method, std::size_t batch,
                       const std::array<double, 3>& acting) {
  Against out;
  for (std::uint64_t run = 1; run <= 300; ++run) {
    const auto found = play(arms_log(500, acting, run), spec, run);
    SeededDraws draws(run, 77);
    const auto rounds = static_cast<std::int64_t>(found->backtest.played->kept);
    out.replayed.push_back(found->backtest.estimates[0].value);
    out.weighed.push_back(found->backtest.estimates[1].value);
    out.modelled.push_back(found->backtest.estimates[3].value);
    out.played.push_back(online(method, rounds, batch, draws));
  }
  return out;
}

// Within 4 standard errors, and as spread out.
void expect_alike(const std::vector<double>& a, const std::vector<double>& b) {
  const double n = static_cast<double>(a.size());
  const double error = std::sqrt((stats::variance(a) + stats::variance(b)) / n);
  EXPECT_NEAR(stats::mean(a), stats::mean(b), 4 * error);
}

class AlgorithmAlongLog : public ::testing::TestWithParam<std::array<double, 3>> {};

TEST_P(AlgorithmAlongLog, earns_by_replay_what_it_earns_online) {
  const Against ucb = against_online("ucb1", stats::Bandit::ucb1, 1, GetParam());
  expect_alike(ucb.replayed, ucb.played);
  expect_alike(ucb.weighed, ucb.played);
  expect_alike(ucb.modelled, ucb.weighed);
  EXPECT_LT(stats::variance(ucb.modelled), stats::variance(ucb.weighed));
  EXPECT_NEAR(stats::variance(ucb.replayed) / stats::variance(ucb.played), 1, 0.4);
  const Against thompson =
      against_online("thompson,batch=20", stats::Bandit::thompson, 20, GetParam());
  expect_alike(thompson.replayed, thompson.played);
  expect_alike(thompson.weighed, thompson.played);
  expect_alike(thompson.modelled, thompson.weighed);
  EXPECT_LT(stats::variance(thompson.modelled), stats::variance(thompson.weighed));
  EXPECT_NEAR(stats::variance(thompson.replayed) / stats::variance(thompson.played), 1, 0.4);
}

INSTANTIATE_TEST_SUITE_P(Logs, AlgorithmAlongLog,
                         ::testing::Values(std::array{1. / 3, 1. / 3, 1. / 3},
                                           std::array{0.5, 0.3, 0.2}));

TEST(Algorithm, learns_from_the_rows_that_it_would_have_seen_alone) {
  const auto found = play(arms_log(6000, {1. / 3, 1. / 3, 1. / 3}, 3), "ucb1", 1);
  const Played& played = *found->backtest.played;
  EXPECT_NEAR(played.kept, 2000, 4 * std::sqrt(6000 * 2. / 9));
  EXPECT_NEAR(found->backtest.estimates[0].value, played.reward_kept / played.kept, 1e-12);
  EXPECT_GT(played.kept_by_action[1], played.kept_by_action[0]);
  EXPECT_FALSE(found->backtest.estimates[1].anytime.is_sound());
}

// With what every model predicts for all actions alike.
std::string with_predictions(const std::string& log, const char* prediction) {
  std::string out;
  for (std::size_t begin = 0; begin < log.size();) {
    const std::size_t end = log.find('\n', begin);
    const std::string line = log.substr(begin, end - begin);
    const std::string cell = begin == 0 ? "" : prediction;
    out +=
        line + (begin == 0 ? ",q0,q1,q2,arm_of_the_day\n"
                           : fmt::format(",{0},{0},{0},{1}\n", cell, begin % 3 == 0 ? "x" : "y"));
    begin = end + 1;
  }
  return out;
}

TEST(Algorithm, its_distributions_are_those_that_it_had_at_each_row) {
  const std::string log = arms_log(3000, {0.5, 0.3, 0.2}, 6);
  for (const char* spec :
       {"thompson", "thompson,batch=1,growth=0", "kl_ucb", "gaussian", "linucb"}) {
    const auto zero = play(with_predictions(log, "0"), spec, 1, "columns:q");
    const auto& none = zero->backtest.estimates;
    EXPECT_NEAR(none[3].value, none[1].value, 1e-12) << spec << ": dr of a model of 0 is ips";
    const auto one = play(with_predictions(log, "1"), spec, 1, "columns:q");
    const auto& all = one->backtest.estimates;
    EXPECT_NEAR(all[2].value, 1, 1e-12) << spec << ": probabilities add up to 1";
    EXPECT_NEAR(all[3].value, 1 + all[1].value - one->backtest.diagnosis.mean_weight, 1e-9) << spec;
  }
}

TEST(Algorithm, plays_alike_for_a_seed_and_otherwise_for_another) {
  const std::string log = arms_log(3000, {0.5, 0.3, 0.2}, 4);
  EXPECT_EQ(play(log, "thompson", 1)->backtest.estimates[1].value,
            play(log, "thompson", 1)->backtest.estimates[1].value);
  EXPECT_NE(play(log, "thompson", 1)->backtest.estimates[1].value,
            play(log, "thompson", 2)->backtest.estimates[1].value);
}

TEST(Algorithm, every_method_plays) {
  const std::string log = arms_log(400, {0.5, 0.3, 0.2}, 4);
  for (const std::string_view name : stats::bandit_names()) {
    const auto found = play(log, std::string(name) + ",discount=0.99,window=50", 1);
    EXPECT_GT(found->backtest.played->kept, 20) << name;
  }
}

TEST(Algorithm, rewards_of_any_size_are_scaled_for_bandits_of_shares) {
  std::string log = "action,propensity,reward\n";
  for (int i = 0; i < 4000; ++i)
    log += fmt::format("{},0.5,{}\n", i % 2, i % 2 == 0 ? -30 : 20 + i % 7);
  const auto found = play(log, "thompson", 1);
  EXPECT_GT(found->backtest.played->last_shares[1], 0.95);
}

TEST(Algorithm, is_read_from_words) {
  EXPECT_EQ(parse_algorithm("kl_ucb").batch, 1);
  EXPECT_EQ(parse_algorithm("thompson").growth, 0.05);
  EXPECT_EQ(parse_algorithm("thompson,growth=10%").growth, 0.1);
  EXPECT_EQ(parse_algorithm("top_two, leader=0.6").settings.leader_share, 0.6);
  EXPECT_EQ(parse_algorithm("linucb,alpha=0.25,lambda=2").width, 0.25);
  for (const char* bad : {"", "thomson", "ucb1,beta=2", "ucb1,window=0", "thompson,discount=1.5",
                          "thompson,alpha=nan", "linucb,window=3", "ucb1,window"})
    EXPECT_THROW(parse_algorithm(bad), Error) << bad;
}

TEST(Algorithm, is_no_baseline) {
  testing::FakeFiles files;
  files.texts["log"] = arms_log(100, {0.5, 0.3, 0.2}, 1);
  Question question;
  question.log.paths = {"log"};
  question.target = "uniform";
  question.baseline = "algorithm:ucb1";
  EXPECT_THROW(answer(std::move(question), files), Error);
}

}  // namespace
}  // namespace autopilot::evaluate
