#pragma once
// Where a falling function of a price passes a target, to the last bit of the price. Pure.

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

namespace autopilot::optimize {

// Doubles in order as integers in order, so that halving between two of them takes 64 steps at
// most, whatever the scale.
inline std::int64_t ordinal_of(double x) {
  const auto bits = std::bit_cast<std::int64_t>(x);
  return bits >= 0 ? bits : std::numeric_limits<std::int64_t>::min() - bits;
}
inline double at_ordinal(std::int64_t k) {
  return std::bit_cast<double>(k >= 0 ? k : std::numeric_limits<std::int64_t>::min() - k);
}
// The double half-way between, counted in doubles; `low` when there is none between.
inline double between(double low, double high) {
  const std::int64_t a = ordinal_of(low), b = ordinal_of(high);
  return at_ordinal(a + static_cast<std::int64_t>(
                            (static_cast<std::uint64_t>(b) - static_cast<std::uint64_t>(a)) / 2));
}

// Narrows [low, high], where `is_low(x)` holds at low and not at high, to neighbours. `guess(x)`
// may suggest where to look next; NaN for no idea.
template <class IsLow>
void narrow(double& low, double& high, IsLow is_low) {
  for (int i = 0; i < 70; ++i) {
    const double middle = between(low, high);
    if (middle <= low || middle >= high) return;
    (is_low(middle) ? low : high) = middle;
  }
}

}  // namespace autopilot::optimize
