// Simulated rollouts, judged by this product's sequential analysis and by the rules of other tools:
// 30 minutes, 5 % -> 25 % -> 100 %, ten minutes each, ticks of ten seconds, an objective of 1 %
// errors. How often a good release is rolled back, how soon a bad one, and what it served until
// then. Seeds are fixed: the same numbers each time.
//
// canary_bench [--full]: more runs.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <random>

#include "bench/canary_rules.h"
#include "bench/measure.h"
#include "core/stats/sample.h"

namespace autopilot::bench {
namespace {

constexpr int kTicks = 180;
constexpr double kAlpha = 0.01;
constexpr double kNoise = 0.5;  // sd of the logarithm, per minute

using Draw = std::mt19937_64;

struct Rates {
  double canary, stable;
};

// Rates at a tick; `noise` is what the minute drew for the canary and for the stable arm.
struct Noise {
  double canary = 0, stable = 0;
};
struct Scenario {
  std::string name;
  std::function<Rates(int tick, const Noise&)> rates;
  bool own_noise = false;  // arms vary on their own
};

const std::vector<Scenario>& good_releases() {
  static const std::vector<Scenario> all{
      {"0.5%",
       [](int, const Noise&) {
         return Rates{0.005, 0.005};
       }},
      {"0.8%",
       [](int, const Noise&) {
         return Rates{0.008, 0.008};
       }},
      {"0.5%, shared noise",
       [](int, const Noise& n) {
         const double rate = 0.005 * std::exp(kNoise * n.stable);
         return Rates{rate, rate};
       }},
      {"an incident of 5% on both for 4 minutes",
       [](int tick, const Noise&) {
         const double rate = tick >= 72 && tick < 96 ? 0.05 : 0.005;
         return Rates{rate, rate};
       }},
      {"0.5%, noise of each arm",
       [](int, const Noise& n) {
         return Rates{0.005 * std::exp(kNoise * n.canary), 0.005 * std::exp(kNoise * n.stable)};
       },
       true},
  };
  return all;
}

const std::vector<Scenario>& bad_releases() {
  static const std::vector<Scenario> all{
      {"2%",
       [](int, const Noise&) {
         return Rates{0.02, 0.005};
       }},
      {"5%",
       [](int, const Noise&) {
         return Rates{0.05, 0.005};
       }},
      {"20%",
       [](int, const Noise&) {
         return Rates{0.2, 0.005};
       }},
      {"0.5% in place of 0.1%",
       [](int, const Noise&) {
         return Rates{0.005, 0.001};
       }},
      {"5% from minute 22 on",
       [](int tick, const Noise&) {
         return Rates{tick >= 132 ? 0.05 : 0.005, 0.005};
       }},
  };
  return all;
}

// Where a release turns bad.
int fault_tick(const Scenario& scenario) { return scenario.name.starts_with("5% from") ? 132 : 0; }

double weight_at(int tick) { return tick < 60 ? 0.05 : tick < 120 ? 0.25 : 1.0; }

stats::Count draw_count(Draw& draw, double requests, double rate) {
  if (requests <= 0) return {};
  const std::int64_t n = std::poisson_distribution<std::int64_t>(requests)(draw);
  return {std::binomial_distribution<std::int64_t>(n, std::min(rate, 1.0))(draw), n};
}

class Rollout {
 public:
  Rollout(const Scenario& scenario, double rps, std::uint64_t seed)
      : scenario_(scenario), rps_(rps), draw_(seed) {}

  RolloutTick next(double weight) {
    if (tick_ % kTicksPerMinute == 0) {
      std::normal_distribution<double> normal;
      noise_ = {normal(draw_), normal(draw_)};
    }
    const Rates rates = scenario_.rates(tick_, noise_);
    RolloutTick out;
    out.index = tick_++;
    out.canary = draw_count(draw_, rps_ * 10 * weight, rates.canary);
    out.stable = draw_count(draw_, rps_ * 10 * (1 - weight), rates.stable);
    return out;
  }

 private:
  const Scenario& scenario_;
  double rps_;
  Draw draw_;
  int tick_ = 0;
  Noise noise_;
};

// What half an hour with both arms on the old version showed, at the weight of the first step.
stats::Dispersion learnt_dispersion(const Scenario& scenario, double rps, std::uint64_t seed) {
  Rollout history(scenario, rps, seed);
  std::vector<stats::Count> a, b;
  for (int t = 0; t < kTicks; ++t) {
    const RolloutTick tick = history.next(0.05);
    a.push_back(tick.canary);
    b.push_back(tick.stable);
  }
  return stats::estimate_dispersion(a, b).value_or(stats::Dispersion{});
}

struct Outcome {
  int runs = 0;
  int rolled_back = 0;
  std::vector<double> delays;  // seconds from the fault on
  std::vector<double> errors;  // that the canary served from the fault on
  double held = 0;             // ticks on hold
};

Outcome simulate(const RuleMaker& rule, const Scenario& scenario, double rps, int runs) {
  Outcome out;
  out.runs = std::max(1, runs / rule.runs_divisor);
  const int fault = fault_tick(scenario);
  for (int run = 0; run < out.runs; ++run) {
    const auto seed = static_cast<std::uint64_t>(run) * 7919 + static_cast<std::uint64_t>(rps);
    stats::Dispersion dispersion;
    if (scenario.own_noise) dispersion = learnt_dispersion(scenario, rps, seed + 1'000'003);
    const std::unique_ptr<RollbackRule> judge = rule.make(dispersion);
    Rollout rollout(scenario, rps, seed);
    double errors = 0;
    for (int t = 0; t < kTicks; ++t) {
      const RolloutTick tick = rollout.next(weight_at(t));
      if (t >= fault) errors += static_cast<double>(tick.canary.events);
      const bool back = judge->rolls_back(tick);
      out.held += judge->holds();
      if (!back) continue;
      ++out.rolled_back;
      if (t >= fault) out.delays.push_back(10.0 * (t - fault + 1));
      break;
    }
    out.errors.push_back(errors);
  }
  return out;
}

// Clopper-Pearson's 99 % upper bound, by bisection over the binomial tail.
double upper_bound(int found, int runs) {
  double low = static_cast<double>(found) / runs, high = 1;
  for (int i = 0; i < 60; ++i) {
    const double p = (low + high) / 2;
    double tail = 0;
    for (int k = 0; k <= found; ++k) {
      tail += std::exp(std::lgamma(runs + 1.0) - std::lgamma(k + 1.0) -
                       std::lgamma(runs - k + 1.0) + k * std::log(p) + (runs - k) * std::log1p(-p));
    }
    (tail > 0.01 ? low : high) = p;
  }
  return high;
}

double share(const Outcome& o) { return 100.0 * o.rolled_back / o.runs; }

void report_good(const Scenario& scenario, double rps, int runs) {
  for (const RuleMaker& rule : rollback_rules()) {
    const Outcome o = simulate(rule, scenario, rps, runs);
    const bool ours = &rule == &rollback_rules().front();
    const std::string what =
        fmt::format("good release rolled back, {}, {} rps: {}", scenario.name, rps, rule.name);
    report({what, share(o), "%", "", 0, {}});
    if (!ours) continue;
    report({fmt::format("  its 99 % upper bound ({} of {})", o.rolled_back, o.runs),
            100 * upper_bound(o.rolled_back, o.runs),
            "%",
            "",
            0,
            {figure_at_most(scenario.own_noise ? 2.0 : 100 * kAlpha)}});
  }
}

void report_bad(const Scenario& scenario, double rps, int runs) {
  const std::vector<RuleMaker>& rules = rollback_rules();
  std::vector<Outcome> outcomes;
  for (const RuleMaker& rule : rules) outcomes.push_back(simulate(rule, scenario, rps, runs));
  const double argo = stats::mean(outcomes[2].errors);
  const bool large = scenario.name.starts_with("5%") || scenario.name == "20%";
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const Outcome& o = outcomes[i];
    const std::string of = fmt::format("{}, {} rps: {}", scenario.name, rps, rules[i].name);
    std::vector<Goal> found, served;
    if (i == 0 && rps == 100 && scenario.name.starts_with("0.5%")) found = {figure_at_least(95)};
    if (i == 0 && large) served = {ratio_at_most(0.5)};
    report({fmt::format("bad release found, {}", of), share(o), "%", "", 0, found});
    report({fmt::format("  after, {}", of), stats::percentile(o.delays, 50), "s", "", 0, {}});
    report({fmt::format("  errors served, {}", of), stats::mean(o.errors), "", "Argo, 3", argo,
            served});
  }
}

void run(int runs) {
  for (const double rps : {20.0, 100.0, 1000.0}) {
    for (const Scenario& scenario : good_releases()) report_good(scenario, rps, runs);
    for (const Scenario& scenario : bad_releases()) report_bad(scenario, rps, runs / 4);
  }
}

}  // namespace
}  // namespace autopilot::bench

int main(int count, char** words) {
  const bool full = count > 1 && std::strcmp(words[count - 1], "--full") == 0;
  autopilot::bench::run(full ? 4000 : 1200);
}
