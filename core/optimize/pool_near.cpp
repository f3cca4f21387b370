// Pools near a price: their lanes' expansions as one polynomial, and what that returns.
#include <cmath>

#include "core/optimize/pool.h"

namespace autopilot::optimize {
namespace {

// What is returned for amounts that rise by `rise`: the price, which is base e^u, times each bit.
std::array<double, kTerms> returns_of(const std::array<double, kTerms>& rise, double base) {
  std::array<double, kTerms> out{}, exponential{};
  exponential[0] = base;
  for (std::size_t k = 1; k < kTerms; ++k)
    exponential[k] = exponential[k - 1] / static_cast<double>(k);
  for (std::size_t k = 1; k < kTerms; ++k) {
    for (std::size_t j = 1; j <= k; ++j)
      out[k] += static_cast<double>(j) * rise[j] * exponential[k - j];
    out[k] /= static_cast<double>(k);
  }
  return out;
}

double value_of(const std::array<double, kTerms>& terms, double u) {
  double out = 0;
  for (std::size_t k = kTerms; k-- > 0;) out = out * u + terms[k];
  return out;
}
double slope_of(const std::array<double, kTerms>& terms, double u) {
  double out = 0;
  for (std::size_t k = kTerms; k-- > 1;) out = out * u + static_cast<double>(k) * terms[k];
  return out;
}

}  // namespace

bool Pool::expect_near(double price, double reach) {
  near_ = {};
  if (!with_returns_ || !penalised_.empty() || !(price > 0)) return false;
  for (const Lane& lane : lanes_) {
    if (lane.shift != 0) return false;
  }
  double amount = 0, returned = 0;
  for (Lane& lane : lanes_) {
    const LaneExpansion part = expand(lane, price, reach);
    amount += part.amount;
    returned += part.returned;
    for (std::size_t k = 1; k < kTerms; ++k) near_.rise[k] += part.rise[k];
    if (!part.open.empty()) near_.open.push_back(lane.pick(part.open));
  }
  near_.earned = returns_of(near_.rise, price);
  near_.rise[0] = amount;
  near_.earned[0] = returned;
  near_.price = price;
  near_.reach = reach;
  return true;
}

bool Pool::add_expanded_demand(double price, bool with_returns, Demand& out) {
  if (near_.reach == 0 || !(price > 0)) return false;
  const double u = std::log(price / near_.price);
  if (std::abs(u) > near_.reach) return false;
  out.low += value_of(near_.rise, u);
  out.fall -= slope_of(near_.rise, u) / price;
  out.returned += value_of(near_.earned, u);
  for (Lane& lane : near_.open) {
    const LaneSums sums = look_at(lane, price, with_returns, nullptr, nullptr);
    out.low += sums.amount;
    out.fall += sums.fall;
    out.returned += sums.returned;
  }
  return true;
}

}  // namespace autopilot::optimize
