#pragma once
// Logs whose truth is known: contexts x ~ N(0, I), rewards Bernoulli(sigmoid(theta_a x + b_a)), the
// policy that acts softmax(phi_a x), the one that is evaluated softmax((theta_a x + b_a) t).

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "core/evaluate/backtest.h"
#include "tests/fakes.h"

namespace autopilot::testing {

constexpr std::size_t kArms = 10, kDimensions = 5;

// The numbers that make such a world.
struct SyntheticWorld {
  std::array<std::array<double, kDimensions>, kArms> theta{}, phi{};
  std::array<double, kArms> bias{};
  double temperature = 1;  // t: above 1 the target is surer of itself, and weights are larger

  // Of what is known exactly.
  double value = 0;
  double least_deviation = 0;  // semiparametric bound: of an estimate from n rows, over sqrt(n)
};

class SyntheticDraws {
 public:
  explicit SyntheticDraws(std::uint64_t seed) : random_(seed) {}
  double uniform() { return static_cast<double>(random_.next() >> 11) * 0x1p-53; }
  double normal() {  // Marsaglia's polar method
    if (has_spare_) {
      has_spare_ = false;
      return spare_;
    }
    for (;;) {
      const double u = 2 * uniform() - 1, v = 2 * uniform() - 1, s = u * u + v * v;
      if (s >= 1 || s == 0) continue;
      const double scale = std::sqrt(-2 * std::log(s) / s);
      spare_ = v * scale;
      has_spare_ = true;
      return u * scale;
    }
  }

 private:
  FakeRandom random_;
  double spare_ = 0;
  bool has_spare_ = false;
};

// What happens at one context.
struct SyntheticPoint {
  std::array<double, kDimensions> x{};
  std::array<double, kArms> chance{}, acting{}, target{};  // of reward; of being chosen

  SyntheticPoint(const SyntheticWorld& world, SyntheticDraws& draws) {
    for (double& v : x) v = draws.normal();
    double acting_sum = 0, target_sum = 0;
    for (std::size_t a = 0; a < kArms; ++a) {
      double score = world.bias[a], other = 0;
      for (std::size_t d = 0; d < kDimensions; ++d) {
        score += world.theta[a][d] * x[d];
        other += world.phi[a][d] * x[d];
      }
      chance[a] = 1 / (1 + std::exp(-score));
      acting_sum += acting[a] = std::exp(other);
      target_sum += target[a] = std::exp(score * world.temperature);
    }
    for (double& p : acting) p /= acting_sum;
    for (double& p : target) p /= target_sum;
  }

  double value() const {
    double sum = 0;
    for (std::size_t a = 0; a < kArms; ++a) sum += target[a] * chance[a];
    return sum;
  }
};

// Fills in the truth by `points` contexts.
inline void settle(SyntheticWorld& world, std::size_t points) {
  SyntheticDraws draws(0xfeed);
  double sum = 0, squares = 0, noise = 0;
  for (std::size_t i = 0; i < points; ++i) {
    const SyntheticPoint point(world, draws);
    const double v = point.value();
    sum += v;
    squares += v * v;
    for (std::size_t a = 0; a < kArms; ++a)
      noise += point.target[a] * point.target[a] / point.acting[a] * point.chance[a] *
               (1 - point.chance[a]);
  }
  const auto n = static_cast<double>(points);
  world.value = sum / n;
  world.least_deviation = std::sqrt(noise / n + squares / n - world.value * world.value);
}

inline SyntheticWorld synthetic_world(double phi_deviation, double temperature,
                                      std::size_t points = 100'000) {
  SyntheticWorld world;
  SyntheticDraws draws(7);
  for (std::size_t a = 0; a < kArms; ++a) {
    for (double& v : world.theta[a]) v = 0.7 * draws.normal();
    for (double& v : world.phi[a]) v = phi_deviation * draws.normal();
    world.bias[a] = -1 + 0.5 * draws.normal();
  }
  world.temperature = temperature;
  settle(world, points);
  return world;
}

// A log of `rows` rows, as read_log() would give it: columns x0.. are its context, pe0.. the
// target's probabilities.
inline std::unique_ptr<evaluate::Log> synthetic_log(const SyntheticWorld& world, std::size_t rows,
                                                    std::uint64_t seed, FakeFiles& files) {
  using events::Kind;
  auto log = std::make_unique<evaluate::Log>();
  events::Schema schema{{"reward", Kind::number, true, 0},
                        {"propensity", Kind::share, true, 0},
                        {"action", Kind::label, true, 0}};
  log->reward = 0, log->propensity = 1, log->action = 2;
  for (std::size_t d = 0; d < kDimensions; ++d) {
    log->context.push_back({fmt::format("x{}", d), schema.size()});
    schema.push_back({log->context.back().name, Kind::value, false, 0});
  }
  for (std::size_t a = 0; a < kArms; ++a) {
    log->numbers.push_back({fmt::format("pe{}", a), schema.size()});
    schema.push_back({log->numbers.back().name, Kind::number, true, 0});
  }
  log->labels.resize(schema.size());
  for (std::size_t a = 0; a < kArms; ++a) log->labels[2].code(fmt::format("{}", a));
  log->rows = std::make_unique<events::RowStore>(files, schema);
  log->most_reward = 1;
  log->lines = rows;
  SyntheticDraws draws(seed * 7919 + 13);
  constexpr std::size_t kBatch = 2048;
  for (std::size_t done = 0; done < rows; done += kBatch) {
    events::Batch batch;
    batch.rows = std::min(kBatch, rows - done);
    batch.columns.resize(schema.size());
    for (std::size_t c = 0; c < schema.size(); ++c)
      batch.columns[c].resize(schema[c].kind, batch.rows);
    for (std::size_t i = 0; i < batch.rows; ++i) {
      const SyntheticPoint point(world, draws);
      double u = draws.uniform();
      std::size_t a = 0;
      while (a + 1 < kArms && u >= point.acting[a]) u -= point.acting[a++];
      const double reward = draws.uniform() < point.chance[a] ? 1 : 0;
      batch.columns[0].numbers[i] = reward;
      batch.columns[1].numbers[i] = point.acting[a];
      batch.columns[2].codes[i] = static_cast<std::uint32_t>(a);
      for (std::size_t d = 0; d < kDimensions; ++d) {
        batch.columns[3 + d].numbers[i] = point.x[d];
        batch.columns[3 + d].codes[i] = events::kNoLabel;
      }
      for (std::size_t b = 0; b < kArms; ++b)
        batch.columns[3 + kDimensions + b].numbers[i] = point.target[b];
      log->reward_sum += reward;
    }
    log->rows->add(std::move(batch));
  }
  return log;
}

}  // namespace autopilot::testing
