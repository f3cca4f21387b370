// Bandits: the time that exact shares take, and the regret of the methods over as many runs as
// published figures have (regret.json of the shared test data), where these are.
//
//   bandit_bench [REGRET.json] [--full]
#include <fmt/format.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>

#include "bench/measure.h"
#include "core/base/json.h"
#include "core/stats/bandit_random.h"
#include "core/stats/bandit_shares.h"
#include "core/stats/bandit_simulate.h"

namespace autopilot::bench {
namespace {

using stats::Bandit;

// Arms with rates around 3 % and between a few and a hundred thousand trials.
std::vector<stats::ArmRewards> some_arms(std::size_t count) {
  stats::SeededDraws draws(7, count);
  std::vector<stats::ArmRewards> out;
  for (std::size_t i = 0; i < count; ++i) {
    const double trials = std::floor(std::exp(2 + 9.5 * draws.uniform()));
    const double won = std::floor(trials * 0.03 * (0.5 + draws.uniform()));
    out.push_back({trials, won, won});
  }
  return out;
}

void time_shares(std::size_t arms, double goal_ms) {
  const auto rewards = some_arms(arms);
  for (const Bandit method : {Bandit::thompson, Bandit::kl_ucb}) {
    const auto timing =
        interleave({[&] { keep(stats::shares_of(method, rewards, {}, {}).share); }}, 11)[0];
    report({fmt::format("shares of {} arms, {}", arms, stats::name_of(method)),
            timing.median * 1e3,
            "ms",
            "",
            0,
            {figure_at_most(goal_ms)}});
  }
}

struct Known {
  const char* name;  // in the file
  Bandit method;
};
constexpr Known kKnown[] = {{"TS_beta11", Bandit::thompson},      {"UCB1", Bandit::ucb1},
                            {"UCB-tuned", Bandit::ucb_tuned},     {"KL-UCB(c=0)", Bandit::kl_ucb},
                            {"KL-UCB+", Bandit::kl_ucb_plus},     {"IMED", Bandit::imed},
                            {"GaussTS(var1/4)", Bandit::gaussian}};

stats::Simulation rules_of(const Value& instance, std::int64_t horizon, std::int64_t runs) {
  stats::Simulation out;
  out.phases = {{0, {}}};
  for (const Value& mean : instance.get("means")->as_list()) {
    out.phases[0].means.push_back(mean.as_double());
  }
  out.horizon = horizon;
  out.runs = runs;
  out.settings.noise = 0.5;
  out.seed = 20261127;
  return out;
}

void compare(const std::string& instance, const Known& known, const Value& figures,
             stats::Simulation rules) {
  rules.method = known.method;
  rules.checkpoints = {1000, 10000};
  const auto result = simulate_bandit(rules);
  for (const stats::Regret& regret : result.regret) {
    const Value* at = figures.get(fmt::format("{}", regret.rounds));
    const double mean = at->get("mean")->as_double(), error = at->get("se")->as_double();
    const double z = (regret.mean - mean) / std::hypot(regret.standard_error, error);
    report({fmt::format("{}, {}: |z| of the regret at {}", instance, known.name, regret.rounds),
            std::abs(z),
            "",
            "",
            0,
            {figure_at_most(3.5)}});
  }
}

// The least slope that a consistent method can have in the long run is 1 times C.
void slope(const std::string& instance, stats::Simulation rules) {
  rules.checkpoints = {10000, 100000};
  const auto result = simulate_bandit(rules);
  const double bound = stats::lai_robbins_constant(rules.phases[0].means) * std::log(10.0);
  const double ratio = (result.regret[1].mean - result.regret[0].mean) / bound;
  const double error =
      std::hypot(result.regret[1].standard_error, result.regret[0].standard_error) / bound;
  report({fmt::format("{}: Thompson's slope to that of Lai and Robbins (s.e. {:.2f})", instance,
                      error),
          ratio,
          "",
          "",
          0,
          {figure_at_most(1 + 2 * error)}});
}

void geometric(const std::string& instance, stats::Simulation rules) {
  rules.checkpoints = {10000};
  const double each = simulate_bandit(rules).regret[0].mean;
  rules.batch = rules.horizon;
  rules.growth = 0.1;
  const double seldom = simulate_bandit(rules).regret[0].mean;
  report({fmt::format("{}: regret with looks at each 10 % more", instance),
          seldom,
          "",
          "a look each round",
          each,
          {ratio_at_most(1.15)}});
}

// --full takes the slopes, too: some minutes.
void compare_all(const std::string& path, bool full) {
  std::ifstream file(path, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  const Value published = parse_json_or_throw(text, path);
  for (const auto& [name, instance] : published.get("T=1e4")->get("instances")->as_map()) {
    const stats::Simulation rules = rules_of(instance, 10000, 1000);
    for (const Known& known : kKnown) {
      const Value* figures = instance.get("alg")->get(known.name);
      if (figures != nullptr) compare(name, known, *figures, rules);
    }
    geometric(name, rules);
    if (full) slope(name, rules_of(instance, 100000, 100));
  }
}

}  // namespace
}  // namespace autopilot::bench

int main(int count, char** words) {
  using namespace autopilot::bench;
  time_shares(50, 5);
  time_shares(1000, 50);
  bool full = false;
  const char* path = nullptr;
  for (int i = 1; i < count; ++i) {
    if (std::strcmp(words[i], "--full") == 0) {
      full = true;
    } else {
      path = words[i];
    }
  }
  if (path != nullptr) compare_all(path, full);
}
