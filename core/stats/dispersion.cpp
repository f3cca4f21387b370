// How much two equal arms vary: core/stats/counts.h.
#include <algorithm>
#include <cmath>

#include "core/stats/counts.h"
#include "core/stats/normal.h"

namespace autopilot::stats {
namespace {

constexpr std::size_t kBlocks[] = {1, 2, 3, 6, 10, 15};  // ticks
constexpr std::size_t kFewestBlocks = 12;
constexpr double kConfidence = 0.8;

struct Pair {
  Count a, b;
  std::int64_t events() const { return a.events + b.events; }
};

void add(Count& sum, const Count& more) {
  sum.events += more.events;
  sum.trials += more.trials;
}

std::vector<Pair> blocks_of(const std::vector<Count>& a, const std::vector<Count>& b,
                            std::size_t length) {
  std::vector<Pair> out;
  const std::size_t ticks = std::min(a.size(), b.size());
  for (std::size_t i = 0; i + length <= ticks; i += length) {
    Pair sum;
    for (std::size_t t = i; t < i + length; ++t) {
      add(sum.a, a[t]);
      add(sum.b, b[t]);
    }
    out.push_back(sum);
  }
  return out;
}

// The p-quantile of chi-squared by its degrees of freedom (Wilson and Hilferty, 1931).
double chi_squared_share(double p, double degrees) {
  const double v = 2 / (9 * degrees);
  return std::pow(1 - v + normal_quantile(p) * std::sqrt(v), 3);
}

// What these blocks say of the spread per tick. The arms may differ in level (`odds`): what counts
// is how their ratio moves.
double spread_of(const std::vector<Pair>& blocks, double odds, std::size_t length) {
  double pearson = 0, information = 0;
  int used = 0;
  for (const Pair& block : blocks) {
    const double weight = odds * static_cast<double>(block.a.trials);
    const double q = weight / (weight + static_cast<double>(block.b.trials));
    const double n = static_cast<double>(block.events());
    if (n <= 0 || !(q > 0 && q < 1)) continue;
    const double variance = n * q * (1 - q);
    const double apart = static_cast<double>(block.a.events) - n * q;
    pearson += apart * apart / variance;
    information += variance;
    ++used;
  }
  if (used < 2) return 0;
  const double degrees = used - 1;
  const double factor = pearson / degrees / chi_squared_share(1 - kConfidence, degrees);
  return std::max(0.0, factor - 1) / (information / used) * static_cast<double>(length);
}

}  // namespace

std::optional<Dispersion> estimate_dispersion(const std::vector<Count>& a,
                                              const std::vector<Count>& b,
                                              std::size_t least_ticks) {
  const std::vector<Pair> ticks = blocks_of(a, b, 1);
  Pair all;
  std::size_t telling = 0;
  for (const Pair& tick : ticks) {
    add(all.a, tick.a);
    add(all.b, tick.b);
    telling += tick.events() > 0 && tick.a.trials > 0 && tick.b.trials > 0;
  }
  if (telling < std::max<std::size_t>(least_ticks, 2)) return std::nullopt;
  const auto rate = [](const Count& count) {
    return std::max(static_cast<double>(count.events), 0.5) / static_cast<double>(count.trials);
  };
  const double odds = rate(all.a) / rate(all.b);
  Dispersion out;
  for (const std::size_t length : kBlocks) {
    const std::vector<Pair> blocks = blocks_of(a, b, length);
    if (length > 1 && blocks.size() < kFewestBlocks) break;
    out.spread = std::max(out.spread, spread_of(blocks, odds, length));
  }
  return out;
}

}  // namespace autopilot::stats
