#pragma once
// Smooth concave parts of one family as arrays, and what they want together at a price: the inner
// loop of everything here, four parts at a time. Pure.

#include <array>
#include <cstdint>
#include <vector>

#include "core/optimize/curve.h"

namespace autopilot::optimize {

inline constexpr std::size_t kPack = 4;      // parts at a time
inline constexpr std::size_t kTogether = 2;  // packs
inline constexpr std::size_t kSummed = 512;  // parts, on their own, so that rounding does not grow

// What is wanted at a price λ, without bounds, is by family p/λ - q, q - p ln λ, p/√λ - q,
// (p - λ)/r, exp((p - ln λ) r) - q and p σ(1 - σ)/λ - q, where a Hill curve's σ = r/(1 + r) solves
// its slope (hill_logarithm).
struct Lane {
  Family family = Family::logarithm;
  double shift = 0;  // by which every price is higher
  std::vector<double> low, high, p, q, r, t;
  // Hill, at the last price: the logarithm of the odds of σ (NaN: none yet), σ, and σ (1 - σ).
  std::vector<double> warm, sigma, bell;
  double last_logarithm = 0;
  std::vector<double> turn;  // Hill: from which t-less logarithm of the price on nothing is wanted
  // With returns: those at both ends, and what the formulae need besides.
  std::vector<double> at_low, at_high, size, offset;
  std::vector<std::uint32_t> channel;

  // A part of `curve`, for what is spent from `low` to `high`. REQUIRES one of the families above;
  // a linear curve with a penalty counts as quadratic.
  void add(const Curve& curve, double low, double high, double penalty, std::uint32_t channel,
           bool with_returns);
  void reserve(std::size_t parts);
  void finish();  // after the last: fills up to whole packs with parts that want nothing
  double slope_at_end(std::size_t part, bool high) const;  // without the shift
  Lane pick(const std::vector<std::uint32_t>& parts) const;
  Lane sample(std::size_t every) const;  // every `every`th part
};

struct LaneSums {
  double amount = 0;    // above the parts' low ends
  double fall = 0;      // less wanted for a price that is 1 higher
  double returned = 0;  // by all of what the parts' channels get; with returns
};
// `amounts` and `falls`, by part, may be null; REQUIRES room for the parts that fill up, too.
LaneSums look_at(Lane& lane, double price, bool with_returns, double* amounts, double* falls);

inline constexpr std::size_t kTerms = 13;

// What a lane wants near a price λ, as long as |ln(price / λ)| is at most `reach`: `rise[k]`, k
// from 1, times the kth power of that logarithm on top of `amount`. Exact to rounding for all parts
// but those of `open`, which meet a bound on the way or bend too much, and have to be looked at.
struct LaneExpansion {
  double amount = 0, returned = 0;  // at λ
  std::array<double, kTerms> rise{};
  std::vector<std::uint32_t> open;
};
// REQUIRES returns, no shift, and a price above 0.
LaneExpansion expand(Lane& lane, double price, double reach);

}  // namespace autopilot::optimize
